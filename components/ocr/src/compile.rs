//! The compile service, where there is one: what is sent to it, what its answer means, and one correction by a model.

use std::time::Duration;

use http::{Method, Request, StatusCode, header};
use latex::Finished;
use serde_json::Value;

use crate::attempt::{Question, Shown, attempt};
use crate::charge::Charge;
use crate::error::Failure;
use crate::events::Event;
use crate::gemini::payload::Payload;
use crate::gemini::prompt;
use crate::ports::{ConversionPorts, whole};
use crate::settings::GeminiSettings;
use crate::warning::Warning;

/// Longer than the service lets TeX run.
const COMPILE_TIME: Duration = Duration::from_secs(45);
/// A correction writes the whole document again.
const CORRECTION_TIME_MAX: Duration = Duration::from_secs(60);
/// Of the log.
const ERRORS_MAX: usize = 5;
/// A correction that adds or loses more of the words than one in so many is none.
const WORDS_PER_CHANGE: usize = 50;

/// What pdflatex said.
struct Outcome {
    compiles: bool,
    errors: Vec<CompileError>,
}

#[derive(Default)]
struct CompileError {
    line: Option<u32>,
    message: String,
}

/// The document that is delivered, and whether it compiles: `None` where nobody knows.
pub(crate) struct Compiled {
    pub finished: Finished,
    pub compiles: Option<bool>,
    pub warning: Option<Warning>,
}

/// Compiles the document if there is a service; after an error, `model` is asked once to correct it. Whatever the
/// service does, the document is delivered.
///
/// # Errors
/// See [`attempt`].
pub(crate) async fn compile<P: ConversionPorts>(
    ports: &P,
    settings: &GeminiSettings,
    charge: &Charge<'_, P>,
    finished: Finished,
    model: &str,
) -> Result<Compiled, Failure> {
    if settings.compiler().is_none() {
        return Ok(Compiled { finished, compiles: None, warning: None });
    }
    ports.emit(Event::Compiling).await?;
    let Some(outcome) = ask(ports, settings, &finished.latex).await else {
        return Ok(Compiled { finished, compiles: None, warning: None });
    };
    if outcome.compiles {
        return Ok(Compiled { finished, compiles: Some(true), warning: None });
    }
    let question = prompt::corrected(&finished.latex, &outcome.log());
    let deadline = ports.elapsed() + CORRECTION_TIME_MAX;
    let question = Question {
        model,
        document: &[],
        text: &question,
        deadline,
        shown: Shown::Instead(&|| Event::Compiling),
    };
    let answer = attempt(ports, settings, &question, charge).await?;
    if answer.is_whole() && latex::is_document(&answer.text) {
        let mut better = latex::finish(&answer.text, true);
        // It was shown the document without their places.
        let boxes = |latex: &str| latex::figure_boxes(latex).len();
        if boxes(&better.latex) == boxes(&finished.latex) {
            better.figures.clone_from(&finished.figures);
        }
        let same = latex::same_words(&finished.latex, &better.latex, WORDS_PER_CHANGE);
        if same && ask(ports, settings, &better.latex).await.is_some_and(|outcome| outcome.compiles) {
            return Ok(Compiled {
                finished: better,
                compiles: Some(true),
                warning: Some(Warning::Corrected),
            });
        }
    }
    let first = outcome.errors.into_iter().next().unwrap_or_default();
    let warning = Warning::DoesNotCompile { error: first.message, line: first.line };
    Ok(Compiled { finished, compiles: Some(false), warning: Some(warning) })
}

impl Outcome {
    fn log(&self) -> String {
        let lines = self.errors.iter().map(|CompileError { line, message }| match line {
            Some(line) => format!("l.{line} {message}\n"),
            None => format!("{message}\n"),
        });
        lines.collect()
    }
}

/// `None`: the service did not answer, or not what it should.
async fn ask<P: ConversionPorts>(ports: &P, settings: &GeminiSettings, latex: &str) -> Option<Outcome> {
    let payload = Payload::plain(latex.to_owned());
    let request = Request::builder()
        .method(Method::POST)
        .uri(settings.compiler()?.uri())
        .header(header::CONTENT_TYPE, "application/x-tex")
        .header(header::CONTENT_LENGTH, payload.length())
        .body(payload)
        .ok()?;
    let mut response = ports.send(request, COMPILE_TIME).await.ok()?;
    let status = web::outbound::StreamingResponse::status(&response);
    let body = whole(&mut response).await.ok()?;
    if status == StatusCode::OK { outcome(&serde_json::from_slice(&body).ok()?) } else { None }
}

fn outcome(answer: &Value) -> Option<Outcome> {
    let errors = answer.get("errors").and_then(Value::as_array).into_iter().flatten().take(ERRORS_MAX);
    let errors = errors.map(|error| CompileError {
        line: error.get("line").and_then(Value::as_u64).and_then(|line| u32::try_from(line).ok()),
        message: error.get("message").and_then(Value::as_str).unwrap_or_default().to_owned(),
    });
    Some(Outcome { compiles: answer.get("compiles")?.as_bool()?, errors: errors.collect() })
}
