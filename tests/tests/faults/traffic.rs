//! Students at work: each registers, signs in and asks, and then the next one does. What the server acknowledges is
//! remembered, and looked for when the fault is over.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use atelier_tests::{App, Client, PASSWORD};

const AT_ONCE: usize = 4;
const QUESTIONS: usize = 3;
const RECOVERY_LIMIT: Duration = Duration::from_secs(60);
/// Of a day's questions.
const QUOTA: i64 = 50;

/// One whose account was acknowledged.
struct Student {
    browser: Client,
    is_signed_in: bool,
    answers: i64,
}

/// What happened meanwhile.
pub(crate) struct Outcome {
    pub(crate) accounts: usize,
    pub(crate) answers: i64,
    /// Requests that were refused with 502, 503 or 504.
    pub(crate) refused: usize,
}

/// Runs `fault` while students work, waits until the service is back, and looks for everything that was acknowledged.
/// `fault` is given a way to wait until some more requests were answered or refused.
pub(crate) fn during(app: &App, fault: impl FnOnce(&dyn Fn(usize))) -> Outcome {
    let (ended, refused, done) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
    let students = Mutex::new(Vec::new());
    let number = AtomicUsize::new(0);
    // 200, or a refusal that is one: an outage is no error of the program, and tells when to come back.
    let is_done = |status: u16, wanted: u16| {
        done.fetch_add(1, Ordering::SeqCst);
        assert!([wanted, 502, 503, 504].contains(&status), "answered with {status}");
        if status != wanted {
            refused.fetch_add(1, Ordering::SeqCst);
            thread::sleep(Duration::from_millis(20));
        }
        status == wanted
    };
    let one = || {
        let mut student = Student { browser: app.client(), is_signed_in: false, answers: 0 };
        let name = format!("élève {}", number.fetch_add(1, Ordering::SeqCst));
        if !is_done(student.browser.register(&name, PASSWORD).status, 303) {
            return;
        }
        student.is_signed_in = is_done(student.browser.sign_in(&name, PASSWORD).status, 303);
        student.browser.name = name;
        for _ in 0..if student.is_signed_in { QUESTIONS } else { 0 } {
            if is_done(student.browser.ask("Une boucle ?").status, 200) {
                student.answers += 1;
            }
        }
        students.lock().unwrap_or_else(PoisonError::into_inner).push(student);
    };
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while !ended.load(Ordering::SeqCst) {
                    one();
                }
            });
        }
        let more = |requests: usize| {
            let (from, deadline) = (done.load(Ordering::SeqCst), Instant::now() + RECOVERY_LIMIT);
            while done.load(Ordering::SeqCst) < from + requests {
                assert!(Instant::now() < deadline, "nothing is answered any more");
                thread::sleep(Duration::from_millis(10));
            }
        };
        // However it ends, so that a failure is reported.
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            more(AT_ONCE * 5);
            fault(&more);
            wait_until_ready(app);
            more(AT_ONCE * 5);
        }));
        ended.store(true, Ordering::SeqCst);
        outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    });

    let students = students.into_inner().unwrap_or_else(PoisonError::into_inner);
    for student in &students {
        student.find_again(app);
    }
    let outcome = Outcome {
        accounts: students.len(),
        answers: students.iter().map(|student| student.answers).sum(),
        refused: refused.into_inner(),
    };
    assert!(outcome.accounts > AT_ONCE && outcome.answers > 0);
    println!(
        "acknowledged and found again: {} accounts, {} answers; refused meanwhile: {}",
        outcome.accounts, outcome.answers, outcome.refused
    );
    outcome
}

pub(crate) fn wait_until_ready(app: &App) {
    let deadline = Instant::now() + RECOVERY_LIMIT;
    while app.client().get_json("/auth/readyz").status != 200 {
        assert!(Instant::now() < deadline, "not ready again:\n{}", app.runtime.log.tail(20));
        thread::sleep(Duration::from_millis(50));
    }
}

impl Student {
    fn find_again(&self, app: &App) {
        if self.is_signed_in {
            self.browser.get("/home").expect(200);
        }
        let again = app.client();
        again.sign_in(&self.browser.name, PASSWORD).expect_see_other("/home");
        let left = again.get_json("/home").expect(200).json()["quotas"]["llm"]["left"].as_i64();
        // A question whose outcome could not be recorded is counted until its reservation expires.
        assert!(left.is_some_and(|left| left <= QUOTA - self.answers), "{left:?} of {}", self.answers);
    }
}
