//! One transcript, one page.

use insta::assert_snapshot;

use super::*;
use crate::snapshot::file::Stored;

pub(super) fn page(body: &str) -> Page {
    Page::of(&Stored {
        file: String::new(),
        source: "scenarios/x.rhai".into(),
        title: Some("A drill".into()),
        body: body.into(),
    })
}

fn tutorial(page: &Page) -> Tutorial<'_> {
    let root = tempfile::tempdir().expect("a folder");
    let folder = root.path().join("images/mine/bin");
    std::fs::create_dir_all(&folder).expect("folders");
    std::fs::write(folder.join("start"), "#!/bin/sh\necho '$1' EOF\n").expect("a file");
    let recipe = "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nARG PG_MAJOR\nCOPY bin /\n";
    std::fs::write(root.path().join("images/mine/Dockerfile"), recipe).expect("a file");
    let roots = [root.path().to_owned()];
    Tutorial::of(page, "x", "redact(\"x\", \"<own>\")", &roots, 17).expect("its images are known")
}

const DRILL: &str = "It begins.\n\n## A server\n\nIt starts.\n\n    $ docker volume create v\n    $ docker run \
    -d --name p1 -v v:/v mine\n    p1=# select 1,\n    p1-# pg_current_wal_lsn();\n     1 | <lsn:1>\n    # \
    until <lsn:1> is archived\n    p1$ echo '<own> <b>'\n    <own> <b>";

#[test]
fn a_page_has_what_its_reader_needs_before_and_after_it() {
    assert_snapshot!(tutorial(&page(DRILL)).markdown(), @"
    # A drill

    It begins.

    ## Before you begin

    You need Docker and a shell. PostgreSQL 17 runs in containers, which are made and removed on this page.

    Its image is built once, from `debian:trixie-slim`: `mine`. The recipes are pasted into a shell, in an empty folder.

    <details>
    <summary>The recipes in full</summary>

    ```bash
    mkdir -p images/mine images/mine/bin
    cat >images/mine/Dockerfile <<'EOF'
    ARG BASE_IMAGE
    FROM ${BASE_IMAGE}
    ARG PG_MAJOR
    COPY bin /
    EOF
    cat >images/mine/bin/start <<'EOF_'
    #!/bin/sh
    echo '$1' EOF
    EOF_
    chmod +x images/mine/bin/start
    docker build -t mine --build-arg BASE_IMAGE=debian:trixie-slim --build-arg PG_MAJOR=17 images/mine
    ```

    </details>

    | prompt | where it is typed |
    |---|---|
    | `$` | a shell of this machine |
    | `p1=#` | psql in the container of that name: `docker exec -it p1 psql` |
    | `p1$` | a shell in the container of that name: `docker exec -it p1 bash` |

    What follows a command is what it prints. A line that begins with `#` says what to wait for before the next command. What stands in angle brackets differs each time, and is explained at the end.

    ## A server

    It starts.

    ```console
    $ docker volume create v
    $ docker run -d --name p1 -v v:/v mine
    p1=# select 1,
    p1-# pg_current_wal_lsn();
     1 | <lsn:1>
    # until <lsn:1> is archived
    p1$ echo '<own> <b>'
    <own> <b>
    ```

    ## Clean-up

    ```console
    $ docker rm -fv p1
    $ docker volume rm v
    ```

    ## Values that differ

    The same number is the same value everywhere on this page.

    | on this page | at your place |
    |---|---|
    | `<lsn:1>` | a position in the WAL |
    | `<own>` | a value that differs each time |
    ");
}

#[test]
fn a_page_in_html_is_one_file_with_its_contents_commands_and_values() {
    let html = tutorial(&page(DRILL)).html();
    let from = html.find("<nav").expect("contents");
    let to = html.find("<script>").expect("a script");
    assert_snapshot!(&html[from..to], @r##"
    <nav aria-label="Contents">
    <p>Contents</p>
    <ol>
    <li class="level2"><a href="#s-before-you-begin">Before you begin</a></li>
    <li class="level2"><a href="#s-a-server">A server</a></li>
    <li class="level2"><a href="#s-clean-up">Clean-up</a></li>
    <li class="level2"><a href="#s-values-that-differ">Values that differ</a></li>
    </ol>
    </nav>
    <h2 id="s-before-you-begin">Before you begin</h2>
    <div class="prose">
    <p>You need Docker and a shell. PostgreSQL 17 runs in containers, which are made and removed on this page.</p>
    </div>
    <div class="prose">
    <p>Its image is built once, from <code>debian:trixie-slim</code>: <code>mine</code>. The recipes are pasted into a shell, in an empty folder.</p>
    </div>
    <details class="prose">
    <summary>The recipes in full</summary>
    <pre><code class="language-bash">mkdir -p images/mine images/mine/bin
    cat &gt;images/mine/Dockerfile &lt;&lt;'EOF'
    ARG BASE_IMAGE
    FROM ${BASE_IMAGE}
    ARG PG_MAJOR
    COPY bin /
    EOF
    cat &gt;images/mine/bin/start &lt;&lt;'EOF_'
    #!/bin/sh
    echo '$1' EOF
    EOF_
    chmod +x images/mine/bin/start
    docker build -t mine --build-arg BASE_IMAGE=debian:trixie-slim --build-arg PG_MAJOR=17 images/mine
    </code></pre>
    </details>
    <div class="prose">
    <table><thead><tr><th>prompt</th><th>where it is typed</th></tr></thead><tbody>
    <tr><td><code>$</code></td><td>a shell of this machine</td></tr>
    <tr><td><code>p1=#</code></td><td>psql in the container of that name: <code>docker exec -it p1 psql</code></td></tr>
    <tr><td><code>p1$</code></td><td>a shell in the container of that name: <code>docker exec -it p1 bash</code></td></tr>
    </tbody></table>
    </div>
    <div class="prose">
    <p>What follows a command is what it prints. A line that begins with <code>#</code> says what to wait for before the next command. What stands in angle brackets differs each time, and is explained at the end.</p>
    </div>
    <h2 id="s-a-server">A server</h2>
    <div class="prose">
    <p>It starts.</p>
    </div>
    <div class="block">
    <div class="typed"><span>$ </span><code>docker volume create v</code></div>
    <div class="typed"><span>$ </span><code>docker run -d --name p1 -v v:/v mine</code></div>
    <div class="typed n0"><span>p1=# </span><code>select 1,
    pg_current_wal_lsn();</code></div>
    <pre tabindex="0"> 1 | <i title="a position in the WAL">&lt;lsn:1&gt;</i></pre>
    <p># until <i title="a position in the WAL">&lt;lsn:1&gt;</i> is archived</p>
    <div class="typed n0"><span>p1$ </span><code>echo &#39;<i title="a value that differs each time">&lt;own&gt;</i> &lt;b&gt;&#39;</code></div>
    <pre tabindex="0"><i title="a value that differs each time">&lt;own&gt;</i> &lt;b&gt;</pre>
    </div>
    <h2 id="s-clean-up">Clean-up</h2>
    <div class="block">
    <div class="typed"><span>$ </span><code>docker rm -fv p1</code></div>
    <div class="typed"><span>$ </span><code>docker volume rm v</code></div>
    </div>
    <h2 id="s-values-that-differ">Values that differ</h2>
    <div class="prose">
    <p>The same number is the same value everywhere on this page.</p>
    <table><thead><tr><th>on this page</th><th>at your place</th></tr></thead><tbody>
    <tr><td><code>&lt;lsn:1&gt;</code></td><td>a position in the WAL</td></tr>
    <tr><td><code>&lt;own&gt;</code></td><td>a value that differs each time</td></tr>
    </tbody></table>
    </div>
    <footer>
    <p>Made from <code>scenarios&#x2f;x.rhai</code>. <code>pgdrill run x</code> plays this page and compares what is printed.</p>
    </footer>
    </main>
    "##);
    assert!(!html.contains("http"), "nothing comes from elsewhere");
}

#[test]
fn a_page_with_a_network_brings_the_functions_that_play_it() {
    let page = page(
        "## A\n\n    $ docker run -d --name p1 mine\n    $ pipework br1 -i eth1 p1 10.0.0.1/24\n    \
         10.0.0.1=# select 1;\n    # 4 clients insert rows into t at 10.0.0.1 without pause, 200 a second",
    );
    let markdown = tutorial(&page).markdown();
    assert!(
        markdown.contains("\npipework() {\n") && !markdown.contains("at_host"),
        "{markdown}"
    );
    let from = markdown.find("| prompt").expect("a table");
    assert_snapshot!(&markdown[from..], @"
    | prompt | where it is typed |
    |---|---|
    | `$` | a shell of this machine |
    | `10.0.0.1=#` | psql, connected to that address: `docker exec -it pgdrill-fabric psql -h 10.0.0.1 -U postgres` |

    What follows a command is what it prints. A line that begins with `#` says what to wait for before the next command. Clients that write without pause are loops: `pgdrill tutorial x --format sh` has them.

    ## A

    ```console
    $ docker run -d --name p1 mine
    $ pipework br1 -i eth1 p1 10.0.0.1/24
    10.0.0.1=# select 1;
    # 4 clients insert rows into t at 10.0.0.1 without pause, 200 a second
    ```

    ## Clean-up

    ```console
    $ docker rm -fv p1 pgdrill-fabric
    ```

    Then close this shell: its `docker` and `ip` are the functions from the beginning.
    ");
}

#[test]
fn what_is_pasted_has_no_tabs_at_which_a_shell_would_complete() {
    let recipes = recipes::Recipes::of(&["repmgr".to_owned()], &[], 17).expect("brought along");
    let recipes = recipes.markdown().expect("all of them");
    assert!(!recipes.contains('\t') && !script::NETWORK.contains('\t'));
}

#[test]
fn values_do_not_leave_their_place() {
    let body = "## </title><script>alert(1)</script>\n\n    p1$ echo '</code></script><script>' \"$(id)\" `id` & <x a=\"b\">\n    \
        </pre><img src=x onerror=alert(1)>\n    ```\n    \u{1b}[31mred\u{7}\u{202e}";
    let page = page(body);
    let html = tutorial(&page).html();
    assert_eq!(html.matches("<script>").count(), 1, "{html}");
    assert!(!html.contains("<img") && !html.contains("<x"), "{html}");
    assert!(
        !html.contains('\u{1b}') && !html.contains('\u{202e}'),
        "{html}"
    );
    let markdown = tutorial(&page).markdown();
    let steps = &markdown[markdown.find("## &lt;").expect("the heading is inert")..];
    assert_snapshot!(steps.trim_end(), @r#"
    ## &lt;/title>&lt;script>alert(1)&lt;/script>

    ````console
    p1$ echo '</code></script><script>' "$(id)" `id` & <x a="b">
    </pre><img src=x onerror=alert(1)>
    ```
    ␛[31mred␇�
    ````
    "#);
}

#[test]
fn a_page_of_megabytes_stays_a_page() {
    let output = "    a line of output\n".repeat(50_000);
    let body = format!(
        "## A\n\n    p1$ yes\n{output}    p1$ head -c 9000000 /dev/zero\n    {}",
        "0".repeat(2_000_000)
    );
    let page = page(&body);
    assert!(tutorial(&page).markdown().len() < 20_000);
    assert!(tutorial(&page).html().len() < 40_000);
}

#[test]
fn a_snapshot_is_old_if_it_has_other_steps() {
    let page = page("## One\n\n## Two\n\n### Inside\n\n## After Two");
    let titles = |titles: &[&str]| titles.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
    let all = |it: &[&str]| Some(titles(it).into_iter().collect());
    let same = stale(
        &page,
        &titles(&["One"]),
        all(&["One", "Two", "Inside", "Perhaps"]).as_ref(),
    );
    assert!(same.is_empty(), "{same:?}");
    let other = stale(
        &page,
        &titles(&["Three", "One"]),
        all(&["One", "Two", "Three"]).as_ref(),
    );
    assert_snapshot!(other.join("\n"), @r#"
    the playbook has a step "Three", the snapshot has none
    the snapshot has a step "Inside", the playbook has none
    "#);
    let computed = stale(&page, &titles(&["Three"]), None);
    assert_snapshot!(computed.join("\n"), @r#"the playbook has a step "Three", the snapshot has none"#);
}

#[test]
fn files_of_tutorials_are_renewed_and_others_are_left_alone() {
    let root = tempfile::tempdir().expect("a folder");
    let entry = |scenario: &str| Entry {
        scenario: scenario.into(),
        title: "A drill".into(),
        introduction: "It begins.".into(),
        markdown: "# A drill\n".into(),
    };
    let docs = |scenarios: &[&str]| {
        let entries: Vec<_> = scenarios.iter().map(|it| entry(it)).collect();
        Docs::of(root.path(), &entries)
    };
    let written = docs(&["a", "ha/b"]).write().expect("written");
    assert_snapshot!(written.join("\n"), @"
    wrote docs/README.md
    wrote docs/a.md
    wrote docs/ha/b.md
    ");
    assert_eq!(
        docs(&["a", "ha/b"]).stale().expect("readable"),
        Vec::<String>::new()
    );
    let file = |name: &str| root.path().join("docs").join(name);
    std::fs::write(file("own.md"), "# Mine").expect("a file");
    let changed = std::fs::read_to_string(file("a.md")).expect("a page") + "changed";
    std::fs::write(file("a.md"), changed).expect("a file");
    assert_snapshot!(docs(&["a", "c"]).stale().expect("readable").join("\n"), @"
    docs/README.md is not what its snapshot says
    docs/a.md is not what its snapshot says
    docs/c.md is missing
    docs/ha/b.md belongs to no scenario
    ");
    assert_snapshot!(docs(&["a", "c"]).write().expect("written").join("\n"), @"
    wrote docs/README.md
    wrote docs/a.md
    wrote docs/c.md
    removed docs/ha/b.md
    ");
    assert_eq!(
        docs(&["a", "c"]).write().expect("written"),
        Vec::<String>::new()
    );
    let own = docs(&["own"]).write().expect_err("it is somebody's own");
    assert_snapshot!(own.render(None, false), @"
    error: `docs/own.md` is there, and not written by pgdrill
       = move it away, or remove it
    ");
    assert_snapshot!(std::fs::read_to_string(file("README.md")).expect("an index"), @"
    <!-- Written by `pgdrill tutorial --write`. -->

    # Tutorials

    Each of these pages is a drill that can be followed by hand, with Docker alone. What it prints was printed by real servers, and is compared again whenever the drill is played.

    ## [A drill](own.md)

    It begins.

    `pgdrill run own`
    ");
}
