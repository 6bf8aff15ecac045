//! `spin:postgres` against a real server.

mod support;

use support::{App, manifest};
use test_support::Database;

struct Bench {
    app: App,
    database: Database,
}

impl Bench {
    fn start() -> Self {
        let database = Database::create();
        let hosts = format!("allowed_outbound_hosts = [\"postgres://{}:{}\"]", database.host, database.port);
        Self { app: App::start(&manifest(&hosts, "")), database }
    }

    fn run(&self, action: &str, statement: &str) -> String {
        self.run_at(&self.database.url(), action, statement).1
    }

    fn run_at(&self, address: &str, action: &str, statement: &str) -> (u16, String) {
        let reply =
            self.app.send("POST", &format!("/{action}"), &[("x-address", address)], statement.as_bytes());
        (reply.status, reply.text())
    }
}

#[test]
fn rows_come_back_by_both_ways_of_asking() {
    let bench = Bench::start();
    assert_eq!(bench.run("execute", "CREATE TABLE users (id int PRIMARY KEY, name text)"), "0");
    assert_eq!(bench.run("execute-blocking", "INSERT INTO users VALUES (1, 'a'), (2, NULL)"), "2");
    let streamed = bench.run("query", "SELECT id, name FROM users ORDER BY id");
    assert!(streamed.contains("name: \"id\"") && streamed.contains("DbDataType::Int32"), "{streamed}");
    assert!(streamed.contains("[DbValue::Int32(1), DbValue::Str(\"a\")]"), "{streamed}");
    assert!(streamed.contains("[DbValue::Int32(2), DbValue::DbNull]"), "{streamed}");
    let whole = bench.run("query-blocking", "SELECT id FROM users ORDER BY id");
    assert!(whole.contains("[[DbValue::Int32(1)], [DbValue::Int32(2)]]"), "{whole}");
    assert_eq!(
        bench.run("query", "SELECT id FROM users WHERE id > 9"),
        "[]\n",
        "no row, no columns, as in Spin"
    );
}

#[test]
fn a_failed_statement_carries_the_sqlstate_and_the_constraint() {
    let bench = Bench::start();
    bench.run("execute", "CREATE TABLE users (name text CONSTRAINT users_name_key UNIQUE)");
    bench.run("execute", "INSERT INTO users VALUES ('a')");
    for action in ["execute", "execute-blocking", "query"] {
        let error = bench.run(action, "INSERT INTO users VALUES ('a') RETURNING name");
        assert!(
            error.contains("QueryError::DbError") && error.contains("code: \"23505\""),
            "{action}: {error}"
        );
        assert!(error.contains("(\"constraint\", \"users_name_key\")"), "{action}: {error}");
        assert!(
            error.contains("(\"table\", \"users\")") && error.contains("severity: \"ERROR\""),
            "{action}: {error}"
        );
    }
    assert!(bench.run("query", "SELECT nonsense").contains("code: \"42703\""));
    // An error after some rows is the outcome of the stream.
    let late = bench.run("query", "SELECT 10 / (3 - n) FROM generate_series(1, 5) n");
    assert!(late.contains("code: \"22012\""), "{late}");
}

#[test]
fn the_supported_types_are_sent_and_read() {
    let bench = Bench::start();
    let shown = bench.run("types", "");
    let expected = [
        "bool: Some(DbDataType::Boolean) [DbValue::Boolean(true)]",
        "int2: Some(DbDataType::Int16) [DbValue::Int16(-2)]",
        "int4: Some(DbDataType::Int32) [DbValue::Int32(4)]",
        "int8: Some(DbDataType::Int64) [DbValue::Int64(1099511627776)]",
        "float4: Some(DbDataType::Floating32) [DbValue::Floating32(1.5)]",
        "float8: Some(DbDataType::Floating64) [DbValue::Floating64(-2.25)]",
        "text: Some(DbDataType::Str) [DbValue::Str(\"çà et là\")]",
        "bytea: Some(DbDataType::Binary) [DbValue::Binary([0, 255])]",
        "int4: Some(DbDataType::Int32) [DbValue::DbNull]",
        "text: Some(DbDataType::Str) [DbValue::DbNull]",
    ];
    assert_eq!(shown.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn a_column_of_another_type_arrives_as_unsupported_bytes_with_its_name() {
    let bench = Bench::start();
    for (value, name, bytes) in [
        ("'00112233-4455-6677-8899-aabbccddeeff'::uuid", "uuid", "[0, 17, 34, 51,"),
        ("'2000-01-01T00:00:00Z'::timestamptz", "timestamptz", "[0, 0, 0, 0, 0, 0, 0, 0]"),
        ("'2000-01-02'::date", "date", "[0, 0, 0, 1]"),
        ("'7'::jsonb", "jsonb", "[1, 55]"),
        ("'{a}'::text[]", "_text", "[0, 0, 0, 1,"),
        ("'127.0.0.1'::inet", "inet", "[2, 32, 0, 4, 127, 0, 0, 1]"),
        ("1.5::numeric", "numeric", "[0, 2,"),
    ] {
        let shown = bench.run("query", &format!("SELECT {value}"));
        assert!(shown.contains(&format!("DbDataType::Other(\"{name}\")")), "{value}: {shown}");
        assert!(shown.contains(&format!("DbValue::Unsupported({bytes}")), "{value}: {shown}");
    }
    assert!(bench.run("query", "SELECT NULL::uuid").contains("[DbValue::DbNull]"));
}

#[test]
fn a_parameter_of_another_type_is_refused_with_its_number_and_without_its_value() {
    let bench = Bench::start();
    let refused = bench.run("unsupported", "");
    assert_eq!(refused.lines().count(), 15, "{refused}");
    for line in refused.lines() {
        let text = "\"the embedded runtime does not support the type of parameter $2: send text and cast it in SQL\"";
        let query = format!("Some(Error::BadParameter({text}))");
        let execute = format!("Some(Error::ValueConversionFailed({text}))");
        assert_eq!(line, format!("{query} {query} {execute}"), "query-async, query, execute-async");
    }
}

#[test]
fn unread_rows_do_not_block_the_connection() {
    let bench = Bench::start();
    let shown = bench.run("first", "SELECT n FROM generate_series(1, 1000000) n");
    assert!(shown.contains("Int32(1)") && shown.contains("Int32(3)"), "{shown}");
    assert!(shown.contains("[DbValue::Int32(42)]"), "{shown}");
}

/// Of one connection: the requests are sent one after the other.
#[test]
fn a_prepared_statement_survives_what_happens_to_its_table_and_to_itself() {
    let bench = Bench::start();
    let server = bench.run("query", "SELECT pg_backend_pid()");
    bench.run("execute", "CREATE TABLE notes AS SELECT 1::int4 AS id");
    let all = || bench.run("query", "SELECT * FROM notes");
    assert!(all().contains("[DbValue::Int32(1)]"));
    assert_eq!(bench.run("add-note", ""), "1", "a parameter of 32 bits");
    bench.run("execute", "ALTER TABLE notes ADD COLUMN text text DEFAULT 'a'");
    assert!(all().contains("DbValue::Int32(1), DbValue::Str(\"a\")"), "{}", all());
    assert!(bench.run("query-blocking", "SELECT * FROM notes").contains("DbValue::Str(\"a\")"));
    bench.run("execute", "DEALLOCATE ALL");
    assert!(all().contains("DbValue::Str(\"a\")"), "{}", all());
    bench.run("execute", "ALTER TABLE notes ALTER COLUMN id TYPE text");
    assert!(all().contains("DbValue::Str(\"1\")"), "{}", all());
    let wrong = bench.run("add-note", "");
    assert!(wrong.contains("WrongType"), "a number is no text, also not in vain: {wrong}");
    bench.run("execute", "ALTER TABLE notes ALTER COLUMN id TYPE int4 USING id::int4");
    assert_eq!(bench.run("add-note", ""), "1");
    for statement in ["DEALLOCATE nothing", "SELECT nothing", "SELECT * FROM nothing"] {
        let refused = bench.run("query", statement);
        assert!(refused.contains("QueryError::DbError"), "{refused}");
        assert_eq!(bench.run("query", statement), refused);
    }
    assert_eq!(bench.run("query", "SELECT pg_backend_pid()"), server);
}

/// Also where it fails with what a server says of a statement that was prepared before its table was changed.
#[test]
fn a_statement_that_fails_while_it_runs_is_not_run_again() {
    let bench = Bench::start();
    let runs = || bench.run("query", "SELECT nextval('runs')");
    for (failing, code) in [
        ("PERFORM nothing()", "42883"),
        ("PERFORM 1 WHERE 1", "42804"),
        ("EXECUTE 'EXECUTE nothing'", "26000"),
    ] {
        let body = format!("BEGIN PERFORM nextval('runs'); {failing}; END");
        bench.run("execute", "DROP SEQUENCE IF EXISTS runs");
        bench.run("execute", "CREATE SEQUENCE runs");
        let function =
            format!("CREATE OR REPLACE FUNCTION fail() RETURNS void LANGUAGE plpgsql AS $$ {body} $$");
        assert_eq!(bench.run("execute", &function), "0");
        let actions = ["execute", "execute-blocking", "query", "query-blocking"];
        // The second time the statement is known to be prepared.
        for action in actions.into_iter().chain(actions) {
            let error = bench.run(action, "SELECT fail()");
            assert!(error.contains(code), "{action}: {error}");
        }
        assert!(runs().contains("[DbValue::Int64(9)]"), "once for each of eight: {failing}: {}", runs());
    }
}

#[test]
fn the_next_guest_of_a_connection_finds_no_state_of_the_one_before() {
    let bench = Bench::start();
    let state = "SELECT pg_backend_pid(), current_setting('application_name'), count(*) FROM pg_locks \
                 WHERE locktype = 'advisory' AND pid = pg_backend_pid()";
    let fresh = bench.run("query", state);
    for statement in
        ["SET application_name = 'mine'", "CREATE TEMP TABLE mine (id int)", "SELECT pg_advisory_lock(1)"]
    {
        bench.run("execute", statement);
        assert_eq!(bench.run("query", state), fresh, "{statement}");
        assert!(bench.run("query", "SELECT * FROM mine").contains("42P01"), "{statement}");
    }
}

#[test]
fn many_requests_share_the_pool() {
    let bench = Bench::start();
    std::thread::scope(|scope| {
        let asked: Vec<_> =
            (0..100).map(|_| scope.spawn(|| bench.run("query", "SELECT pg_sleep(0.05), 7::int4"))).collect();
        assert!(asked.into_iter().all(|one| one.join().unwrap().contains("Int32(7)")));
    });
    let used = bench.run("query", "SELECT count(*) FROM pg_stat_activity WHERE usename = current_user");
    let count: u32 = used.split("Int64(").nth(1).unwrap().split(')').next().unwrap().parse().unwrap();
    assert!((2..=64).contains(&count), "{used}");
}

#[test]
fn only_the_allowed_address_is_connected_to() {
    let bench = Bench::start();
    let address = bench.database.url();
    let Database { host, port, .. } = &bench.database;
    for (other, expected) in [
        (
            address.replace(host.as_str(), "host.invalid"),
            format!("address postgres://host.invalid:{port} is not permitted"),
        ),
        (
            address.replace(&format!(":{port}/"), ":1/"),
            format!("address postgres://{host}:1 is not permitted"),
        ),
        (
            "host=/run/postgresql user=u".to_owned(),
            "Unix sockets are not supported on WebAssembly".to_owned(),
        ),
        ("nonsense".to_owned(), "ConnectionFailed".to_owned()),
    ] {
        for action in ["query", "query-blocking", "execute", "built", "built-blocking"] {
            let (status, error) = bench.run_at(&other, action, "SELECT 1");
            assert!(status == 502 && error.contains(&expected), "{action} {other}: {error}");
        }
    }
}

#[test]
fn a_connection_that_cannot_be_made_says_why() {
    let bench = Bench::start();
    let wrong = bench.database.url().replace(&format!(":{}@", bench.database.password), ":wrong@");
    let (_, error) = bench.run_at(&wrong, "query", "SELECT 1");
    assert!(
        error.starts_with("Error::ConnectionFailed(") && error.contains("password authentication failed"),
        "{error}"
    );
    let missing = bench.database.url().replace(&format!("/{}?", bench.database.name), "/nosuch?");
    for action in ["query", "execute", "query-blocking", "built", "built-blocking"] {
        let (_, error) = bench.run_at(&missing, action, "SELECT 1");
        assert!(
            error.starts_with("Error::ConnectionFailed(") && error.contains("does not exist"),
            "{action}: {error}"
        );
    }
}

#[test]
fn a_certificate_authority_that_is_no_certificate_is_refused() {
    let bench = Bench::start();
    let headers = [("x-address", bench.database.url()), ("x-has-ca", "1".to_owned())];
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    let reply = bench.app.send("POST", "/built", &headers, b"not a certificate");
    assert_eq!(
        (reply.status, reply.text().as_str()),
        (502, "Error::Other(\"invalid root certificate: invalid root certificate\")")
    );
}

#[test]
fn without_tls_on_the_server_prefer_falls_back_and_require_does_not() {
    let bench = Bench::start();
    let with = |mode: &str| bench.run_at(&bench.database.url().replace("disable", mode), "built", "").1;
    assert!(with("prefer").contains("false"), "{}", with("prefer"));
    assert!(with("require").contains("server does not support TLS"), "{}", with("require"));
}
