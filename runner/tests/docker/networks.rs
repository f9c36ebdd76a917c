//! Networks: bad input and bad days, runs side by side, and both ways to reach nodes.

use crate::drill::{Root, Running, command, drill, product};
use crate::left::kill;

crate::trials!(
    what_is_taken_on_a_segment_is_refused,
    a_node_that_is_off_gets_no_interface,
    a_node_that_somebody_restarted_is_noticed,
    a_fabric_that_dies_ends_the_scenario,
    an_address_moves_only_to_who_is_on_its_segment,
    a_delay_without_netem_says_what_brings_it,
    a_card_of_the_host_must_be_allowed,
    an_overlap_of_the_engines_networks_is_named,
    runs_side_by_side_have_the_same_addresses,
    the_least_rights_are_enough,
);

const TWO: &str = r#"let a = start_node("a", #{ image: "pg-base", server: false });
let b = start_node("b", #{ image: "pg-base", server: false });
pipework_attach("br1", a, "eth1", "10.10.0.1/24");
"#;

/// What a playbook that goes on after [`TWO`] is told, as a mistake of its own.
fn refused(line: &str, said: &[&str]) {
    drill(&format!("{TWO}{line}")).must(3, said);
}

fn what_is_taken_on_a_segment_is_refused() {
    refused(
        r#"pipework_attach("br1", b, "eth1", "10.10.0.1/24");"#,
        &["10.10.0.1 is taken on `br1`: eth1 of node `a` has it"],
    );
    refused(
        r#"pipework_attach("br2", a, "eth1", "10.20.0.1/24");"#,
        &[
            "node `a` has an interface `eth1` already",
            "it is on `br1`, with 10.10.0.1/24",
        ],
    );
}

fn a_node_that_is_off_gets_no_interface() {
    refused(
        r#"kill_node(b); pipework_attach("br1", b, "eth1", "10.10.0.2/24");"#,
        &["node `b` was killed", "perhaps boot_node(b) first"],
    );
}

/// Its interfaces are gone, and its process's number may be another's.
fn a_node_that_somebody_restarted_is_noticed() {
    let root = Root::with(&format!(
        "{TWO}print(\"up\"); wait_until(|| !ping(a, \"b\"));\n\
         pipework_attach(\"br1\", b, \"eth1\", \"10.10.0.2/24\");"
    ));
    let mut running = root.run(&[]);
    running.until("up");
    kill(&format!("pgdrill-{}-1-b", running.id()));
    running.end().must(
        4,
        &[
            "the container of node `b` is another one than was started",
            "somebody restarted it",
        ],
    );
}

fn a_fabric_that_dies_ends_the_scenario() {
    let playbook = format!("{TWO}print(\"up\");\nfor i in 0..100000 {{ ping(a, \"10.10.0.1\"); }}");
    let root = Root::with(&playbook);
    let mut running = root.run(&[]);
    running.until("up");
    kill(&format!("pgdrill-{}-1.fabric", running.id()));
    running.end().must(4, &[".fabric"]);
}

fn an_address_moves_only_to_who_is_on_its_segment() {
    refused(
        r#"vip("10.10.0.100", "eth1").assign(b);"#,
        &["node `b` has no interface `eth1`", "it has eth0"],
    );
    refused(
        r#"let v = vip("10.10.0.100", "eth1"); v.assign(a); kill_node(a); v.move_to(a);"#,
        &["node `a` was killed", "perhaps boot_node(a) first"],
    );
}

fn a_delay_without_netem_says_what_brings_it() {
    let ended = drill(&format!("{TWO}shape(a, \"eth1\", #{{ delay: \"5ms\" }});"));
    // Where the kernel has it, there is nothing to say, and no snapshot either.
    if ended.err.contains("error:") {
        ended.must(4, &["it has no netem", "the kernel's module `sch_netem`"]);
    }
}

fn a_card_of_the_host_must_be_allowed() {
    refused(
        r#"pipework_attach("eth0", a, "eth2", "10.20.0.1/24", #{ nic: true });"#,
        &[
            "`eth0` is an interface of the host, which this run may not use",
            "pgdrill run --allow-nic eth0",
        ],
    );
    // A card that is none: the bridge of a network that the scenario makes.
    let playbook = r#"let net = network("card", #{ subnet: "10.78.0.0/24", bridge: "pgdrill-card0", internal: true });
let a = start_node("a", #{ image: "pg-base", server: false });
let b = start_node("b", #{ image: "pg-base", server: false, network: net });
pipework_attach("pgdrill-card0", a, "eth1", "10.98.0.1/24", #{ nic: true });
pipework_attach("pgdrill-card0", b, "eth1", "10.98.0.2/24", #{ nic: true });
kill_node(a);
boot_node(a);
expect(ping(a, "10.98.0.2"), "they see each other");
detach(a, "eth1");
throw "all is well";"#;
    let ended = Root::with(playbook)
        .run(&["--allow-nic", "pgdrill-card0"])
        .end();
    ended.must(1, &["all is well"]);
}

fn an_overlap_of_the_engines_networks_is_named() {
    let ended = drill(
        r#"network("one", #{ subnet: "10.79.0.0/24", internal: true });
network("two", #{ subnet: "10.79.0.0/16", internal: true });"#,
    );
    ended.must(
        4,
        &[
            "10.79.0.0/16 overlaps with the engine's network `pgdrill-",
            "-one`",
        ],
    );
}

/// Nobody sees another's packets, and the machine's own network sees nothing of any.
fn runs_side_by_side_have_the_same_addresses() {
    let playbook = format!(
        "{TWO}pipework_attach(\"br1\", b, \"eth1\", \"10.10.0.2/24\");\n\
         write_file(b, \"/tmp/run\", \"here\");\nprint(\"up\");\n\
         for i in 0..20 {{ expect(ping(a, \"10.10.0.2\"), \"b answers\"); }}\nthrow \"all is well\";"
    );
    let roots = [(); 3].map(|()| Root::with(&playbook));
    let mut running = roots.each_ref().map(|root| root.run(&[]));
    for run in &mut running {
        run.until("up");
    }
    let links: Vec<_> = std::fs::read_dir("/sys/class/net")
        .expect("links")
        .map(|it| {
            it.expect("a link")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    let ours = |name: &String| ["br1", "lan0", "a.eth1"].contains(&name.as_str());
    assert!(!links.iter().any(ours), "{links:?}");
    for run in running {
        run.end().must(1, &["all is well"]);
    }
}

/// The themed playbooks pass without the right to see other processes, too.
fn the_least_rights_are_enough() {
    let beside = product().join("runner/tests/docker");
    for scenario in ["networks", "vips", "faults"] {
        let arguments = ["run", scenario, "--update", "no", "--fabric", "least"];
        Running::start(command(&beside, &arguments))
            .end()
            .must(0, &[]);
    }
}
