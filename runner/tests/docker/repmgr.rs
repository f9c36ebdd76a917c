//! repmgr's bad days: what fails on one machine, or between two, is said in repmgr's own words.

use crate::drill::drill;

crate::trials!(
    a_command_of_repmgr_that_fails_is_shown_with_its_log,
    a_switchover_without_ssh_is_refused,
    an_ssh_server_that_does_not_start_is_named,
);

/// A primary and a standby that repmgr knows, with or without a way from one to the other.
const PAIR: &str = r#"let p1 = start_node("p1", #{ image: "repmgr" });
let p2 = start_node("p2", #{ image: "repmgr", server: false });
for node in [p1, p2] {
    write_file(node, "/etc/repmgr.conf", `node_id=${node.name.sub_string(1)}
node_name='${node.name}'
conninfo='host=${node.name} user=postgres dbname=postgres connect_timeout=2'
data_directory='/var/lib/postgresql/data'
`);
}
sh(p1, "repmgr primary register");
sh(p2, "repmgr standby clone -h p1 -U postgres -d postgres --fast-checkpoint");
start_server(p2);
sh(p2, "repmgr standby register --upstream-node-id=1 --wait-sync");
"#;

fn a_command_of_repmgr_that_fails_is_shown_with_its_log() {
    let ended = drill(&format!(
        "{PAIR}stop_server(p1);\nsh(p2, \"repmgr standby follow\");"
    ));
    ended.must(
        1,
        &[
            "the command on node `p2` failed with exit code",
            "command: repmgr standby follow",
            "ERROR: ",
            "scenarios/drill.rhai:15:1",
        ],
    );
}

fn a_switchover_without_ssh_is_refused() {
    let ended = drill(&format!(
        r#"{PAIR}sh(p2, "ssh p1 true", #{{ fails: 255 }});
sh(p2, "repmgr standby switchover");"#
    ));
    ended.must(
        1,
        &[
            "ssh: connect to host p1 port 2222: Connection refused",
            "the command on node `p2` failed with exit code",
            "ERROR: unable to connect via SSH to host \"p1\"",
            "scenarios/drill.rhai:15:1",
        ],
    );
}

fn an_ssh_server_that_does_not_start_is_named() {
    let ended = drill(
        r#"let p1 = start_node("p1", #{ image: "repmgr", server: false });
start_daemon(p1, "sshd", "/usr/sbin/sshd -D -e -f /nowhere");
wait_until(|| exec(p1, "ssh p1 true").code == 0);"#,
    );
    ended.must(
        1,
        &[
            "daemon `sshd` on p1 has ended with exit code 1",
            "/nowhere: No such file or directory",
            "scenarios/drill.rhai:3:1",
        ],
    );
}
