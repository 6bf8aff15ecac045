//! A PostgreSQL server for this test process, and an empty database for each test.

use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use tokio_postgres::{Config, NoTls};

/// The server; its shell ends it when our end of the pipe closes, however this process dies.
struct Server {
    admin: Config,
    _shell: Option<Child>,
}

/// An empty database on the server.
pub(crate) async fn empty_database() -> Config {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    static SERVER: OnceLock<Server> = OnceLock::new();
    let server = SERVER.get_or_init(start);
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    let name = format!("atelier_test_{}_{number}", std::process::id());
    let admin = connect_patiently(&server.admin).await;
    admin.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
    server.admin.clone().dbname(&name).clone()
}

pub(crate) async fn connect(config: &Config) -> tokio_postgres::Client {
    let (client, connection) = config.connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn connect_patiently(config: &Config) -> tokio_postgres::Client {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        match config.connect(NoTls).await {
            Ok((client, connection)) => {
                tokio::spawn(connection);
                return client;
            }
            Err(error) if Instant::now() > deadline => panic!("PostgreSQL does not answer: {error:?}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

fn start() -> Server {
    if let Ok(url) = std::env::var("ATELIER_TEST_DATABASE_URL") {
        return Server {
            admin: url.parse().expect("ATELIER_TEST_DATABASE_URL is a connection string"),
            _shell: None,
        };
    }
    let binaries = binaries().expect(
        "these tests need PostgreSQL: install the server (Debian: apt-get install postgresql), or give \
         ATELIER_TEST_DATABASE_URL a role that may create databases",
    );
    // No port at all: the socket lies in a folder that only this run knows.
    let script = r#"
set -e
dir=$(mktemp -d /tmp/atelier-test-pg.XXXXXX)
trap 'rm -rf "$dir"' EXIT
"$1/initdb" -D "$dir/data" -U atelier -A trust -E UTF8 --locale=C --no-sync >"$dir/initdb.log" 2>&1 || { cat "$dir/initdb.log" >&2; exit 1; }
"$1/postgres" -D "$dir/data" -k "$dir" -c listen_addresses='' -c fsync=off -c max_connections=200 >"$dir/log" 2>&1 </dev/null &
server=$!
echo "$dir"
exec 1>&-
cat >/dev/null || true
kill -INT "$server"
wait "$server" || true
"#;
    let mut command = if is_root() {
        // PostgreSQL refuses to run as root; its package made a user for it.
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--", "sh", "-c", script, "sh"]);
        command
    } else {
        let mut command = Command::new("sh");
        command.args(["-c", script, "sh"]);
        command
    };
    command.arg(&binaries).current_dir("/tmp").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut shell = command.spawn().expect("a shell starts");
    let mut directory = String::new();
    let mut stdout = std::io::BufReader::new(shell.stdout.take().expect("stdout is piped"));
    std::io::BufRead::read_line(&mut stdout, &mut directory).expect("the shell says where the server is");
    assert!(!directory.is_empty(), "initdb failed");
    let mut admin = Config::new();
    admin.host_path(directory.trim()).user("atelier").dbname("postgres");
    Server { admin, _shell: Some(shell) }
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn binaries() -> Option<PathBuf> {
    let on_path = std::env::var_os("PATH")
        .and_then(|path| std::env::split_paths(&path).find(|folder| folder.join("initdb").exists()));
    on_path.or_else(|| {
        let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
        let mut folders: Vec<PathBuf> = versions.flatten().map(|entry| entry.path().join("bin")).collect();
        folders.sort();
        folders.into_iter().rev().find(|folder| folder.join("initdb").exists())
    })
}
