//! The request, checked as the stricter of the real servers do.

use serde_json::Value;

pub(super) struct ChatRequest {
    pub(super) model: String,
    /// The last message, in lower case.
    pub(super) question: String,
}

impl ChatRequest {
    /// A field that Atelier has no reason to send is refused, as Mistral refuses the unknown ones.
    pub(super) fn parse(body: &[u8]) -> Result<Self, String> {
        let body: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        let fields = body.as_object().ok_or("not an object")?;
        if let Some(field) =
            fields.keys().find(|field| !["model", "messages", "stream"].contains(&field.as_str()))
        {
            return Err(format!("Extra inputs are not permitted: {field}"));
        }
        let model = body["model"].as_str().filter(|model| !model.is_empty()).ok_or("model is required")?;
        if body["stream"] != true {
            return Err("this server only streams".to_owned());
        }
        let messages = body["messages"].as_array().ok_or("messages is required")?;
        let mut expected = "system";
        for message in messages {
            let (role, content) = (message["role"].as_str(), message["content"].as_str());
            let role = role.ok_or("a message without a role")?;
            if content.is_none_or(|content| content.trim().is_empty()) {
                return Err("a message without content".to_owned());
            }
            if role != expected {
                return Err(format!("Conversation roles must alternate: {role} in place of {expected}"));
            }
            expected = if role == "user" { "assistant" } else { "user" };
        }
        let last = messages.last().filter(|last| last["role"] == "user");
        let question = last.ok_or("the last message must be the user's")?["content"].as_str();
        Ok(Self { model: model.to_owned(), question: question.unwrap_or_default().to_lowercase() })
    }
}
