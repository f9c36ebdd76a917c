//! Ports of the user's own machine that lead to nodes and virtual addresses.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tokio_postgres::{Client, NoTls};

use crate::drill::{Root, Running, command};
use crate::kept::pgdrill;
use crate::left::left;

crate::trials!(
    clients_of_the_users_own_machine_reach_a_node,
    a_virtual_address_is_followed_when_it_moves,
    all_that_is_kept_is_served_until_ctrl_c
);

/// Whatever does not happen within this time is not going to.
const PATIENCE: Duration = Duration::from_mins(1);

/// `pgdrill proxy`, and the connection string that it printed.
struct Proxy {
    child: Child,
    out: BufReader<ChildStdout>,
    url: String,
}

impl Proxy {
    fn start(root: &Root, arguments: &[&str]) -> Self {
        let mut child = command(root.path(), &[&["proxy"], arguments].concat())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut out = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut url = String::new();
        out.read_line(&mut url).expect("it prints a line");
        let url = url.trim().to_owned();
        Self { child, out, url }
    }

    /// Ends it with Ctrl-C; gives its exit code and what it said.
    fn end(mut self) -> (Option<i32>, String) {
        kill_process(Pid::from_child(&self.child), Signal::INT).expect("it is there");
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).expect("it ends");
        assert_eq!(rest, "", "one line is all that goes to the standard output");
        let ended = self.child.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        (ended.status.code(), said)
    }
}

/// A client that knows nothing but the connection string.
async fn connect(url: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// The first value of a statement's result.
async fn value(client: &Client, sql: &str) -> String {
    let sql = format!("select ({sql})::text");
    let row = client.query_one(&sql, &[]).await;
    row.expect("a row").get(0)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Runtime::new().expect("a runtime")
}

/// What a scenario has that can be led to.
fn listed(root: &Root, id: &str) -> Vec<String> {
    let (code, list, err) = pgdrill(root, &["proxy"], "");
    assert_eq!(code, 0, "{err}");
    let scope = format!(" {id}-1  ");
    (list.lines().filter_map(|line| line.split_once(&scope)))
        .map(|(name, state)| format!("{}: {state}", name.trim()))
        .collect()
}

/// Leaves the nodes of a playbook, and gives the run's id.
fn kept(root: &Root) -> String {
    let mut run = root.run(&["--keep", "always"]);
    run.until("left for you to look into");
    let id = run.id();
    run.end();
    id
}

fn clients_of_the_users_own_machine_reach_a_node() {
    let root = Root::with(r#"start_node("kept", #{ user: "admin", port: 5444 });"#);
    let id = kept(&root);
    assert_eq!(listed(&root, &id), ["kept: a server on port 5444"]);
    let proxy = Proxy::start(&root, &["kept", &id]);
    assert!(
        proxy.url.starts_with("postgresql://admin@127.0.0.1:"),
        "{}",
        proxy.url
    );
    let runtime = runtime();
    let open = runtime.block_on(in_use(&root, &id, &proxy.url));
    let (code, said) = proxy.end();
    assert_eq!(code, Some(130), "{said}");
    runtime
        .block_on(open.batch_execute("select 1"))
        .expect_err("it was closed");
    for told in ["no server runs on `kept`", "`kept` answers again"] {
        assert!(said.contains(told), "{told} in {said}");
    }
    let (code, processes, _) = pgdrill(&root, &["sh", "kept", &id], "ps -eo comm");
    assert!(code == 0 && processes.contains("postgres"), "{processes}");
    assert!(!processes.contains("socat"), "{processes}");
    pgdrill(&root, &["clean", &id], "");
    assert_eq!(left(&id), [""; 0]);
}

/// Two clients at once, a big result, a cancelled statement, and a server that stops.
/// The last connection is left open.
async fn in_use(root: &Root, id: &str, url: &str) -> Client {
    let (one, other) = tokio::try_join!(connect(url), connect(url)).expect("both get through");
    let big = "select repeat('x', 1000) from generate_series(1, 8000)";
    let (rows, ten) = tokio::join!(one.query(big, &[]), value(&other, "select 10"));
    let bytes: usize = (rows.expect("all rows").iter())
        .map(|row| row.get::<_, &str>(0).len())
        .sum();
    assert_eq!((bytes, ten.as_str()), (8_000_000, "10"));

    // A statement is cancelled through a connection of its own, which says nothing back.
    let cancel = one.cancel_token();
    let (asleep, cancelled) = tokio::join!(one.batch_execute("select pg_sleep(600)"), async {
        let active = "select count(*) from pg_stat_activity where query ~ '^select pg_sleep'";
        while value(&other, active).await != "1" {}
        cancel.cancel_query(NoTls).await
    });
    cancelled.expect("the request gets through");
    assert_eq!(code(asleep), "57014");

    // The server says why it ends a connection, and the client hears it.
    let asleep = tokio::spawn(async move { one.batch_execute("select pg_sleep(600)").await });
    let pgdrill = |text: &str| pgdrill(root, &["sh", "kept", id], text);
    let (stopped, _, err) = pgdrill("pg_ctl stop -m fast >/dev/null");
    assert_eq!(stopped, 0, "{err}");
    assert_eq!(code(asleep.await.expect("no panic")), "57P01");
    assert!(connect(url).await.is_err(), "no server runs");
    let (started, _, err) = pgdrill("pg_ctl start -w -l /tmp/server.log >/dev/null");
    assert_eq!(started, 0, "{err}");
    let after = connect(url).await.expect("it runs again");
    assert_eq!(value(&after, "select current_user").await, "admin");
    after
}

fn code(ended: Result<(), tokio_postgres::Error>) -> String {
    let error = ended.expect_err("it does not end well");
    let code = error.code().map(|it| it.code().to_owned());
    code.unwrap_or_else(|| error.to_string())
}

fn a_virtual_address_is_followed_when_it_moves() {
    let root = Root::with(
        r#"
        let nodes = [start_node("p1"), start_node("p2")];
        for (node, at) in nodes {
            pipework_attach("br1", node, "eth1", `172.255.255.${at + 1}/24`);
            psql(node, `create table calls as select '${node.name}' as name`);
        }
        let service = vip("172.255.255.254", "eth1");
        service.assign(nodes[0]);
        print("held by p1");
        wait_until(nodes[0], "select count(*) from calls", 2, #{ timeout: "60s" });
        service.move_to(nodes[1]);
        wait_until(nodes[1], "select count(*) from calls", 2, #{ timeout: "60s" });
        "#,
    );
    let mut run = root.run(&[]);
    run.until("held by p1");
    let id = run.id();
    let there = listed(&root, &id);
    assert_eq!(there[0], "172.255.255.254: held by p1");
    let proxy = Proxy::start(&root, &["172.255.255.254", &id]);
    let runtime = runtime();
    runtime.block_on(async {
        for name in ["p1", "p2"] {
            let client = reaches(&proxy.url, name).await;
            let call = "insert into calls values ('a call')";
            client.batch_execute(call).await.expect("it is a primary");
        }
    });
    let ended = run.end();
    assert_eq!(ended.left, [""; 0], "{}", ended.err);
    let refused = runtime.block_on(connect(&proxy.url));
    assert!(refused.is_err(), "nothing is there");
    let (code, said) = proxy.end();
    assert_eq!(code, Some(130));
    assert!(said.contains("No such container"), "{said}");
}

/// Connects until it is this node that answers.
async fn reaches(url: &str, name: &str) -> Client {
    let end = Instant::now() + PATIENCE;
    loop {
        // A connection to the old holder may be lost as soon as it is made.
        if let Ok(client) = connect(url).await
            && let Ok(row) = client
                .query_one("select name from calls limit 1", &[])
                .await
            && row.get::<_, &str>(0) == name
        {
            return client;
        }
        assert!(Instant::now() < end, "{name} never answers");
    }
}

fn all_that_is_kept_is_served_until_ctrl_c() {
    let root = Root::with(
        r#"
        let p1 = start_node("p1");
        start_node("client", #{ server: false });
        pipework_attach("br1", p1, "eth1", "172.255.255.1/24");
        vip("172.255.255.254", "eth1").assign(p1);
        "#,
    );
    let mut run = Running::start(command(
        root.path(),
        &["run", "drill", "--keep", "always", "--serve"],
    ));
    run.until("Ctrl-C ends this");
    run.signal(Signal::INT);
    let ended = run.end();
    let shown: Vec<_> = (ended.out.lines())
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .collect();
    assert!(
        matches!(&shown[..], [vip, p1] if vip[0] == "172.255.255.254" && p1[0] == "p1"
            && p1[2].starts_with("postgresql://postgres@127.0.0.1:")),
        "{}",
        ended.out
    );
    // The drill has no snapshot: its verdict stays what it was.
    assert_eq!(ended.code, 1, "{}", ended.err);
    let id = shown[0][1].trim_end_matches("-1");
    pgdrill(&root, &["clean", id], "");
    assert_eq!(left(id), [""; 0]);
}
