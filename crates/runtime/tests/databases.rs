//! `spin:postgres` against a real server.

mod support;

use support::cluster::{Cluster, Database};
use support::{App, manifest};

struct Bench {
    app: App,
    database: Database,
}

impl Bench {
    fn start() -> Self {
        let database = Cluster::shared().database();
        let hosts = format!("allowed_outbound_hosts = [\"postgres://127.0.0.1:{}\"]", database.port);
        Self { app: App::start(&manifest(&hosts, "")), database }
    }

    fn address(&self) -> String {
        let Database { user, password, port, name, .. } = &self.database;
        format!("postgres://{user}:{password}@127.0.0.1:{port}/{name}?sslmode=disable")
    }

    fn run(&self, verb: &str, statement: &str) -> String {
        self.run_at(&self.address(), verb, statement).1
    }

    fn run_at(&self, address: &str, verb: &str, statement: &str) -> (u16, String) {
        let reply =
            self.app.send("POST", &format!("/{verb}"), &[("x-address", address)], statement.as_bytes());
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
    for verb in ["execute", "execute-blocking", "query"] {
        let error = bench.run(verb, "INSERT INTO users VALUES ('a') RETURNING name");
        assert!(
            error.contains("QueryError::DbError") && error.contains("code: \"23505\""),
            "{verb}: {error}"
        );
        assert!(error.contains("(\"constraint\", \"users_name_key\")"), "{verb}: {error}");
        assert!(
            error.contains("(\"table\", \"users\")") && error.contains("severity: \"ERROR\""),
            "{verb}: {error}"
        );
    }
    assert!(bench.run("query", "SELECT nonsense").contains("code: \"42703\""));
    // An error in the middle of the rows arrives after those before it.
    let late = bench.run("query", "SELECT 10 / (3 - n) FROM generate_series(1, 5) n");
    assert!(late.contains("code: \"22012\""), "{late}");
}

#[test]
fn every_type_goes_there_and_back() {
    let bench = Bench::start();
    let shown = bench.run("types", "");
    for line in [
        "bool: Some(DbDataType::Boolean) [DbValue::Boolean(true)]",
        "int2: Some(DbDataType::Int16) [DbValue::Int16(-2)]",
        "int8: Some(DbDataType::Int64) [DbValue::Int64(1099511627776)]",
        "float4: Some(DbDataType::Floating32) [DbValue::Floating32(1.5)]",
        "text: Some(DbDataType::Str) [DbValue::Str(\"çà et là\")]",
        "bytea: Some(DbDataType::Binary) [DbValue::Binary([0, 255])]",
        "date: Some(DbDataType::Date) [DbValue::Date((2026, 11, 23))]",
        "time: Some(DbDataType::Time) [DbValue::Time((15, 4, 5, 6000))]",
        "timestamp: Some(DbDataType::Datetime) [DbValue::Datetime((2026, 11, 23, 15, 4, 5, 6000))]",
        "uuid: Some(DbDataType::Uuid) [DbValue::Uuid(\"67e55044-10b1-426f-9247-bb680e5fe0c8\")]",
        "numeric: Some(DbDataType::Decimal) [DbValue::Decimal(\"-12345.6789\")]",
        "int4range: Some(DbDataType::RangeInt32) [DbValue::RangeInt32((Some((1, RangeBoundKind::Inclusive)), Some((5, RangeBoundKind::Exclusive))))]",
        "int8range: Some(DbDataType::RangeInt64) [DbValue::RangeInt64((None, Some((5, RangeBoundKind::Exclusive))))]",
        "numrange: Some(DbDataType::RangeDecimal) [DbValue::RangeDecimal((Some((\"1.5\", RangeBoundKind::Inclusive)), Some((\"2.5\", RangeBoundKind::Inclusive))))]",
        "int4[]: Some(DbDataType::ArrayInt32) [DbValue::ArrayInt32([Some(1), None])]",
        "numeric[]: Some(DbDataType::ArrayDecimal) [DbValue::ArrayDecimal([Some(\"0.1\"), None])]",
        "text[]: Some(DbDataType::ArrayStr) [DbValue::ArrayStr([Some(\"a\"), None])]",
        "interval: Some(DbDataType::Interval) [DbValue::Interval(Interval { micros: 7, days: 2, months: 14 })]",
        "int4: Some(DbDataType::Int32) [DbValue::DbNull]",
    ] {
        assert!(shown.lines().any(|known| known == line), "{line}\nis not in\n{shown}");
    }
    let json = shown.lines().find(|line| line.starts_with("jsonb")).unwrap();
    assert!(json.contains(&format!("{:?}", br#"{"a":"x","b":[1,null]}"#)), "{json}");
    // As in Spin: a type without a name in WIT arrives as bytes, and a TIMESTAMPTZ column cannot be read.
    assert!(bench.run("query", "SELECT '127.0.0.1'::inet").contains("DbValue::Unsupported"));
    assert!(bench.run("query", "SELECT now()").contains("timestamptz"));
}

#[test]
fn rows_that_nobody_wants_do_not_hold_the_connection() {
    let bench = Bench::start();
    let shown = bench.run("first", "SELECT n FROM generate_series(1, 1000000) n");
    assert!(shown.contains("Int32(1)") && shown.contains("Int32(3)"), "{shown}");
    assert!(shown.contains("[DbValue::Int32(42)]"), "{shown}");
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
    let address = bench.address();
    let port = bench.database.port;
    for (other, expected) in [
        (
            address.replace("127.0.0.1", "localhost"),
            format!("address postgres://localhost:{port} is not permitted"),
        ),
        (
            address.replace(&format!(":{port}/"), ":1/"),
            "address postgres://127.0.0.1:1 is not permitted".to_owned(),
        ),
        (
            "host=/run/postgresql user=u".to_owned(),
            "Unix sockets are not supported on WebAssembly".to_owned(),
        ),
        ("nonsense".to_owned(), "ConnectionFailed".to_owned()),
    ] {
        for verb in ["query", "query-blocking", "execute", "built", "built-blocking"] {
            let (status, error) = bench.run_at(&other, verb, "SELECT 1");
            assert!(status == 502 && error.contains(&expected), "{verb} {other}: {error}");
        }
    }
}

#[test]
fn a_connection_that_cannot_be_made_says_why() {
    let bench = Bench::start();
    let wrong = bench.address().replace(&format!(":{}@", bench.database.password), ":wrong@");
    let (_, error) = bench.run_at(&wrong, "query", "SELECT 1");
    assert!(
        error.contains("ConnectionFailed") && error.contains("password authentication failed"),
        "{error}"
    );
}

#[test]
fn without_tls_on_the_server_prefer_falls_back_and_require_does_not() {
    let bench = Bench::start();
    let with = |mode: &str| bench.run_at(&bench.address().replace("disable", mode), "built", "").1;
    assert!(with("prefer").contains("false"), "{}", with("prefer"));
    assert!(with("require").contains("server does not support TLS"), "{}", with("require"));
}
