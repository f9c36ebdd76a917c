//! Images that a run makes on its way, and those that others have made.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use pgdrill::engine::{
    Chunk, ContainerSpec, Containers, Docker, IMAGE_LABEL, Images, MAJOR_LABEL, Machine, Result,
    State, Streams, VERSION_LABEL,
};

use crate::drill::{Root, Running, command};
use crate::left::with;

crate::trials!(
    two_runs_that_need_an_image_build_it_once,
    images_that_others_have_made_can_be_nodes,
    a_container_of_a_reader_outlives_its_server,
    a_machine_is_frozen_before_or_after_a_shell_is_opened,
);

fn two_runs_that_need_an_image_build_it_once() {
    let image = format!("once-{}", std::process::id());
    let root = Root::with(&format!(
        r#"let a = start_node("a", #{{ image: "{image}", server: false }}); sh(a, "echo hello");"#
    ));
    // Nobody has had this recipe before.
    let dockerfile = format!("FROM pg\nENV ONCE={}\n", root.path().display());
    root.write(&format!("images/{image}/Dockerfile"), &dockerfile);
    let transcript = format!(
        "---\nsource: scenarios/drill.rhai\n---\n    \
         $ docker run -d --name a {image} sleep infinity\n    a$ echo hello\n    hello\n"
    );
    root.write("snapshots/drill.snap", &transcript);
    let both = [root.run(&["--update", "no"]), root.run(&["--update", "no"])];
    let both = both.map(Running::end);
    let removed = command(root.path(), &["images", "remove", &image]).output();
    for run in &both {
        run.must(0, &["1 passed"]);
    }
    let built = format!("image {image}:17 ready after");
    let said = both.map(|run| run.err.split_whitespace().collect::<Vec<_>>().join(" "));
    let builders = said.iter().filter(|said| said.contains(&built)).count();
    assert_eq!(builders, 1, "{said:#?}");
    let removed = removed.expect("the program starts").stdout;
    assert_eq!(String::from_utf8_lossy(&removed).lines().count(), 1);
}

/// Neither with our labels nor with our ready cluster, and laid out in another way.
fn images_that_others_have_made_can_be_nodes() {
    let folder = Root::with("");
    let built = command(folder.path(), &["images", "build", "pg-base"]).output();
    let base = built.expect("the program starts").stdout;
    let others = Others::make(String::from_utf8_lossy(&base).trim());
    let root = Root::with(&format!(
        r#"let a = start_node("a", #{{ image: "{with}", config: #{{ work_mem: "5MB" }} }});
psql(a, "show work_mem");
expect_eq(value(a, "show data_checksums"), "on");
restart_server(a);
let s = session(a);
s.psql("select 1");
let b = start_node("b", #{{ image: "{without}", server: false }});
sh(b, "cat /etc/os-release");
psql(b, "select 1");"#,
        with = others.with,
        without = others.without,
    ));
    let image = format!("image `{}` has none", others.without);
    let said = [
        "node `b` has no PostgreSQL",
        &image,
        "scenarios/drill.rhai:9:1",
    ];
    root.run(&[]).end().must(3, &said);
}

/// The runner starts servers itself; who follows a tutorial by hand has the image's own start.
fn a_container_of_a_reader_outlives_its_server() {
    let folder = Root::with("");
    let built = command(folder.path(), &["images", "build", "pg"]).output();
    let image = String::from_utf8_lossy(&built.expect("the program starts").stdout).into_owned();
    let reader = Reader(format!("reader-{}", std::process::id()));
    with(async |engine| {
        let spec = ContainerSpec {
            name: reader.0.clone(),
            hostname: "p1".to_owned(),
            image: image.trim().to_owned(),
            user: "postgres".to_owned(),
            program: vec!["start-postgres".to_owned()],
            ..ContainerSpec::default()
        };
        engine.create(&spec).await?;
        engine.start(&reader.0).await?;
        let types = async |command| typed(&engine, &reader.0, command).await;
        types("until pg_isready; do :; done").await?;
        types("pg_ctl restart -l /tmp/server.log && psql -c 'create table t ()'").await?;
        types("kill -KILL $(head -1 $PGDATA/postmaster.pid)").await?;
        types("until pg_ctl start -l /tmp/server.log; do :; done").await?;
        assert_eq!(engine.state(&reader.0).await?, State::Running);
        // A machine that boots has no server.
        engine.kill(&reader.0).await?;
        engine.start(&reader.0).await?;
        let said = types("pg_ctl status; pg_ctl start -l /tmp/server.log; psql -c '\\d t'").await?;
        assert!(said.contains("no server running"), "{said}");
        assert!(said.contains("Table \"public.t\""), "{said}");
        Ok(())
    });
}

/// A process that is frozen while the engine starts it keeps the engine waiting, for good.
fn a_machine_is_frozen_before_or_after_a_shell_is_opened() {
    let folder = Root::with("");
    let built = command(folder.path(), &["images", "build", "pg-base"]).output();
    let image = String::from_utf8_lossy(&built.expect("the program starts").stdout).into_owned();
    let frozen = Reader(format!("frozen-{}", std::process::id()));
    with(async |engine| {
        let spec = ContainerSpec {
            name: frozen.0.clone(),
            image: image.trim().to_owned(),
            user: "0".to_owned(),
            program: vec!["/bin/sh".to_owned()],
            ..ContainerSpec::default()
        };
        engine.create(&spec).await?;
        let machine = Machine::start(Arc::<Docker>::clone(&engine), &frozen.0, "0").await?;
        for user in 1000..1010 {
            // Each of them needs a shell of its own.
            let user = user.to_string();
            let both = async { tokio::try_join!(machine.warm(&user), machine.pause()) };
            let both = tokio::time::timeout(Duration::from_secs(30), both).await;
            both.expect("the engine does not hang")?;
            engine.unpause(&frozen.0).await?;
        }
        Ok(())
    });
}

async fn typed(engine: &Docker, container: &str, command: &str) -> Result<String> {
    let program = ["timeout", "60", "sh", "-c", command];
    let mut pipe = engine.exec(container, "postgres", &program).await?;
    let mut said = Vec::new();
    while let Some(piece) = pipe.output.next().await {
        match piece? {
            Chunk::Out(bytes) | Chunk::Err(bytes) => said.extend_from_slice(&bytes),
        }
    }
    Ok(String::from_utf8_lossy(&said).into_owned())
}

/// A container that is typed into.
struct Reader(String);

impl Drop for Reader {
    fn drop(&mut self) {
        with(async |engine| engine.remove(&self.0).await);
    }
}

/// Two images, and the container that they are made from.
struct Others {
    name: String,
    with: String,
    without: String,
}

impl Others {
    fn make(base: &str) -> Self {
        let name = format!("others-{}", std::process::id());
        let others = Self {
            with: format!("{name}:with"),
            without: format!("{name}:without"),
            name,
        };
        with(async |engine| others.commit(engine, base).await);
        others
    }

    async fn commit(&self, engine: Arc<Docker>, base: &str) -> Result<()> {
        let spec = ContainerSpec {
            name: self.name.clone(),
            image: base.to_owned(),
            user: "0".to_owned(),
            program: vec!["/bin/sh".to_owned()],
            ..ContainerSpec::default()
        };
        engine.create(&spec).await?;
        let machine = Machine::start(Arc::<Docker>::clone(&engine), &self.name, "0").await?;
        // Labels are inherited; without a value they say nothing.
        let labels = [IMAGE_LABEL, MAJOR_LABEL, VERSION_LABEL];
        let labels = labels.map(|label| (label.to_owned(), String::new()));
        let other =
            "rm -r /run/postgresql /var/lib/postgresql /usr/bin/socat; usermod -u 70 postgres";
        machine.run("0", other, Streams::Merged).await?;
        engine.commit(&self.name, &self.with, &labels).await?;
        let none = "rm -r /usr/lib/postgresql; userdel postgres";
        machine.run("0", none, Streams::Merged).await?;
        engine.commit(&self.name, &self.without, &labels).await
    }
}

impl Drop for Others {
    fn drop(&mut self) {
        with(async |engine| {
            engine.remove(&self.name).await?;
            engine.remove_image(&self.with).await?;
            engine.remove_image(&self.without).await
        });
    }
}
