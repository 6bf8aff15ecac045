//! JSON as text. Ours has no fractions: without the code that writes them ocr is 2.7 KB smaller.

use serde::ser::{Serialize, Serializer};
use serde_json::Value;

/// A value as one line. A fraction becomes `null`.
#[must_use]
pub fn json_text(value: &Value) -> String {
    serde_json::to_string(&Whole(value)).unwrap_or_default()
}

struct Whole<'a>(&'a Value);

impl Serialize for Whole<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(number), _) => serializer.serialize_u64(number),
                (None, Some(number)) => serializer.serialize_i64(number),
                (None, None) => serializer.serialize_unit(),
            },
            Value::String(text) => serializer.serialize_str(text),
            Value::Array(values) => serializer.collect_seq(values.iter().map(Whole)),
            Value::Object(members) => {
                serializer.collect_map(members.iter().map(|(name, value)| (name, Whole(value))))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_is_the_text_of_serde_json_but_for_fractions() {
        let value = json!({"b": [null, true, 7, -7, u64::MAX, "é\"\\\n\u{1}\u{2028}"], "a": {"c": [], "d": {}}, "": ""});
        assert_eq!(json_text(&value), value.to_string());
        assert_eq!(json_text(&json!([0.5])), "[null]");
    }
}
