//! One transcript, one picture.

use std::path::Path;

use insta::assert_snapshot;

use super::*;
use crate::snapshot::file::Stored;

fn page(body: &str) -> Page {
    Page::of(&Stored {
        file: String::new(),
        source: "scenarios/x.rhai".into(),
        title: Some("X".into()),
        body: body.into(),
    })
}

fn stored(name: &str) -> Page {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let stored = Stored::read(root, &format!("snapshots/{name}.snap"));
    Page::of(&stored.expect("whole").expect("there"))
}

#[test]
fn a_pair_behind_an_address_is_drawn_as_it_is_set_up() {
    assert_snapshot!(Picture::of(&stored("failover")).mermaid(), @r#"
    flowchart LR
        net0(["br1<br/>172.255.255.0/24"])
        node0["<b>p1</b><br/>eth1 172.255.255.1"]
        node1["<b>p2</b><br/>eth1 172.255.255.2"]
        node0 ==>|"WAL"| node1
        net0 --- node0
        net0 --- node1
        vip0{{"172.255.255.254"}} -.-> node0
    "#);
}

#[test]
fn a_volume_stands_between_who_archives_and_who_recovers() {
    assert_snapshot!(Picture::of(&stored("pitr")).mermaid(), @r#"
    flowchart LR
        node0["<b>test</b>"]
        node1["<b>rec</b>"]
        volume0[("backups")]
        node0 -->|"archives"| volume0
        volume0 -->|"recovers"| node1
    "#);
}

#[test]
fn what_an_image_was_made_of_is_no_machine_of_the_picture() {
    assert_snapshot!(Picture::of(&stored("streaming")).mermaid(), @r#"
    flowchart LR
        net0(["eth0<br/>192.168.11.0/24"])
        net1(["br1<br/>10.10.0.0/24"])
        node0["<b>primary</b><br/>eth1 192.168.11.101<br/>eth2 10.10.0.1"]
        node1["<b>secondary</b><br/>eth1 192.168.11.102<br/>eth2 10.10.0.2"]
        node2["<b>client</b><br/>eth0 192.168.11.50"]
        node0 ==>|"WAL"| node1
        net0 --- node0
        net1 --- node0
        net0 --- node1
        net1 --- node1
        net0 --- node2
    "#);
}

#[test]
fn a_name_can_not_leave_its_label() {
    let page = page(
        "    $ docker run -d --name 'a\"]; click <script>#35;`' pg\n    \
             $ docker run -d --name b pg\n    \
             $ pipework 'br\"1' -i eth1 b 10.0.0.1/24",
    );
    assert_snapshot!(Picture::of(&page).mermaid(), @r#"
    flowchart LR
        net0(["br#34;1<br/>10.0.0.0/24"])
        node0["<b>a#34;]; click #60;script#62;#35;35;#96;</b>"]
        node1["<b>b</b><br/>eth1 10.0.0.1"]
        net0 --- node1
    "#);
    assert_snapshot!(Picture::of(&page).svg(), @r#"
    <svg class="picture" viewBox="0 0 536 130" width="536" height="130" role="img" aria-label="The machines, their networks, volumes and replication">
    <defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto-start-reverse"><path class="arrow" d="M0 0 8 4 0 8z"/></marker></defs>
    <g class="net"><path d="M8 26H528"/>
    <path d="M415 26V60"/><circle cx="415" cy="26" r="3.5"/>
    </g>
    <text class="net" x="8" y="19"><tspan class="name">br&quot;1</tspan> 10.0.0.0/24</text>
    <g class="node"><rect x="8" y="60" width="226" height="62" rx="7"/><text x="21" y="87" class="name">a&quot;]; click &lt;script&gt;#35;`</text>
    </g>
    <g class="node"><rect x="302" y="60" width="226" height="62" rx="7"/><text x="315" y="87" class="name">b</text>
    <text x="315" y="109"><tspan class="quiet">eth1</tspan> 10.0.0.1</text>
    </g>
    </svg>
    "#);
}

#[test]
fn a_machine_alone_is_not_worth_a_picture() {
    let picture = Picture::of(&page("    $ docker run -d --name p1 pg"));
    assert!(!picture.is_worth_drawing());
}
