//! One user who has many long documents checked at once: everybody else is served meanwhile.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use atelier_tests::{App, Client, Reply};

use crate::applications::exclusive_app;

const AT_ONCE: usize = 24;
/// Of the shorter, three are what one user may have checked at once in an instance, and four all that it checks.
const DOCUMENTS_BYTES: [usize; 2] = [1_500_000, 607_000];
const DOCUMENT_OF_OTHERS_BYTES: usize = 50_000;
/// Of others meanwhile, on a busy machine; it was half a minute.
const WAIT_MAX: Duration = Duration::from_secs(10);

fn check(user: &Client, bytes: usize) -> Reply {
    let line = "Soit $x_1$ un réel. Alors \\textbf{on a} $x^2 \\geq 0$.\n\n";
    let body = line.repeat(bytes / line.len());
    let document = format!("\\documentclass{{article}}\n\\begin{{document}}\n{body}\\end{{document}}\n");
    user.post_json("/ocr/check", &serde_json::json!({ "snip": document }))
}

/// The longest of a request that is repeated until the end.
fn longest(ended: &AtomicBool, request: impl Fn()) -> Duration {
    let mut longest = Duration::ZERO;
    while !ended.load(Ordering::Relaxed) {
        let start = Instant::now();
        request();
        longest = longest.max(start.elapsed());
        thread::sleep(Duration::from_millis(20));
    }
    longest
}

#[test]
fn many_checks_of_one_user_are_refused_and_keep_nobody_waiting() {
    let app: &App = &exclusive_app();
    let (user, other) = (app.user(), app.user());
    for bytes in DOCUMENTS_BYTES {
        let ended = AtomicBool::new(false);
        let (statuses, page, checked) = thread::scope(|scope| {
            let page = scope.spawn(|| longest(&ended, || drop(app.client().get("/auth").expect(200))));
            let checked =
                scope.spawn(|| longest(&ended, || drop(check(&other, DOCUMENT_OF_OTHERS_BYTES).expect(200))));
            let many: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(|| check(&user, bytes))).collect();
            let replies: Vec<_> = many.into_iter().map(|one| one.join().unwrap()).collect();
            ended.store(true, Ordering::Relaxed);
            let all = replies.iter().map(|reply| (reply.status, reply.header("retry-after").to_owned()));
            (all.collect::<Vec<_>>(), page.join().unwrap(), checked.join().unwrap())
        });
        let served = statuses.iter().filter(|(status, _)| *status == 200).count();
        let refused = statuses.iter().filter(|(status, retry)| *status == 503 && !retry.is_empty()).count();
        assert!(served > 0 && refused > 0 && served + refused == AT_ONCE, "{bytes}: {statuses:?}");
        assert!(page < WAIT_MAX && checked < WAIT_MAX, "{bytes}: page {page:?}, another user's {checked:?}");
    }
}
