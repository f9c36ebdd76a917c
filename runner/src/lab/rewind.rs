//! A server that went its own way, made to fit another again:
//! <https://www.postgresql.org/docs/current/app-pgrewind.html>.

use crate::engine::{Streams, quoted};
use crate::problem::{Blame, Problem};

use super::config::setting;
use super::node::Node;
use super::replication::TIMELINE;
use super::{Act, files, server, upstream};

/// Undoes what the stopped node has and the source has not, and brings what it lacks. A server that was
/// killed is recovered by `pg_rewind` itself; started outside of recovery it would be a second primary.
pub async fn rewind(act: &Act, node: &Node, source: &Node) -> Result<(), Problem> {
    node.needs_postgres()?;
    if server::running(node).await?.is_some() {
        let name = &node.name;
        let message = format!("node `{name}` can't be rewound: its server is running");
        return Err(Problem::new(Blame::System, message).note(format!("stop_server({name}) first")));
    }
    server::must_run(source).await?;
    checkpointed(act, source).await?;
    // The lock file of a server that was killed, whose pid may be another program's by now.
    let data = quoted(&node.data);
    let look = format!("rm -f {data}/postmaster.pid; postgres -D {data} -C restore_command");
    let archive = node.must("reading the settings", &look).await?;
    let fetch = if archive.trim().is_empty() { "" } else { " -c" };
    // The server syncs all of it when it starts the recovery that must follow.
    let command = format!(
        "pg_rewind -D \"$PGDATA\"{fetch} --no-sync --source-server={}",
        quoted(&upstream::source(source))
    );
    let _quiet = source.hang_up().await;
    act.waits_for(format!("pg_rewind of {}", node.name));
    let output = node
        .run_as(&node.account, &command, Streams::Merged)
        .await?;
    act.shows(Some(&node.name), command, told(&output.out));
    if output.code != 0 {
        return Err(failed(node, &output.out));
    }
    if node.port != source.port {
        // Its configuration files are the source's now.
        let text = format!("{}\n", setting("port", &node.port.to_string()));
        let file = format!("{}/postgresql.auto.conf", node.data);
        files::append(node, &file, &text).await?;
        let shown = files::typed(&text, ">>", "$PGDATA/postgresql.auto.conf");
        act.shows(Some(&node.name), shown, "");
    }
    Ok(())
}

/// `pg_rewind` before PostgreSQL 16 reads a source's timeline from its last checkpoint.
async fn checkpointed(act: &Act, source: &Node) -> Result<(), Problem> {
    let question = format!(
        "select pg_is_in_recovery() or ({TIMELINE}) = (select timeline_id from pg_control_checkpoint())"
    );
    if source.text(&question).await? == "t" {
        return Ok(());
    }
    let prompt = format!("{}=# ", source.name);
    act.shows_sql(Some(&source.name), &prompt, "checkpoint;", "CHECKPOINT");
    source.rows("checkpoint", &[], None).await?;
    Ok(())
}

/// What `pg_rewind` itself says. The server that it runs to recover a killed one logs in between.
fn told(output: &str) -> String {
    // Up to 14 the server that recovers leaves its prompt before the next line.
    let lines = output.lines().map(|it| it.trim_start_matches("backend> "));
    let own = lines.filter(|it| it.starts_with("pg_rewind: "));
    let lines = own.map(|line| match line.split_once("executing \"") {
        // Its path is another one on each major.
        Some((before, rest)) => {
            let (path, after) = rest.split_once('"').unwrap_or((rest, ""));
            let program = path.rsplit('/').next().unwrap_or(path);
            format!("{before}executing \"{program}\"{after}")
        }
        None => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn failed(node: &Node, output: &str) -> Problem {
    let errors = ["pg_rewind: error: ", "pg_rewind: fatal: "];
    let error = |line| errors.iter().find_map(|it| str::strip_prefix(line, it));
    let why = output.lines().rev().find_map(error);
    let why = why.unwrap_or("pg_rewind failed");
    let message = format!("rewind of node `{}` failed: {why}", node.name);
    let mut problem = Problem::new(Blame::System, message);
    let gone = ["could not find previous WAL record", "could not open file"];
    if gone.iter().any(|it| output.contains(it)) {
        problem = problem
            .note("the node's WAL since the servers parted is gone")
            .note("`wal_keep_size` keeps it on the node; with a `restore_command` it comes from the archive");
    }
    problem.with_last_lines(output)
}

#[cfg(test)]
mod tests {
    use super::told;

    #[test]
    fn what_a_server_logs_in_between_is_not_told() {
        let output = "pg_rewind: executing \"/usr/lib/postgresql/17/bin/postgres\" for target server to complete crash recovery\n\
                      2026-11-21 15:00:00.000 UTC [9] LOG:  database system was interrupted\n\
                      PostgreSQL stand-alone backend 17.12\n\
                      backend> pg_rewind: servers diverged at WAL location 0/3000148 on timeline 1\n\
                      pg_rewind: Done!\n";
        insta::assert_snapshot!(told(output), @r#"
        pg_rewind: executing "postgres" for target server to complete crash recovery
        pg_rewind: servers diverged at WAL location 0/3000148 on timeline 1
        pg_rewind: Done!
        "#);
    }
}
