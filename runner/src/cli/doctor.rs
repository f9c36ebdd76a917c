//! `pgdrill doctor`: which engine is found and how, what it can do here, and what to do about what
//! it can't.

use super::args::Args;
use super::code;
use super::out::{columns, print};
use super::run::here;
use std::sync::Arc;

use crate::engine::{Containers, Docker, Engine, Error, OWNER_LABEL, RUN_LABEL, owner};
use crate::image::{DEFAULT_MAJOR, Images, Means, Settings};
use crate::lab::{Ground, NETEM, Rights, Sight};
use crate::problem::Problem;

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Finding {
    good: bool,
    what: String,
    /// What to do, where something is to be done.
    advice: Option<String>,
}

impl Finding {
    fn ok(what: impl Into<String>) -> Self {
        Self {
            good: true,
            what: what.into(),
            advice: None,
        }
    }

    fn no(what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            good: false,
            what: what.into(),
            advice: Some(advice.into()),
        }
    }
}

pub async fn doctor(args: &Args) -> Result<u8, Problem> {
    let engine = match Docker::connect(args.host.as_deref()).await {
        Ok(engine) => engine,
        Err(error @ (Error::NotFound { .. } | Error::Forbidden { .. })) => {
            let problem = Problem::from(error);
            let finding = Finding::no(problem.message, problem.notes.join("\n"));
            print(&shown(&[finding]));
            return Ok(code::ENVIRONMENT);
        }
        Err(error) => return Err(error.into()),
    };
    print(&about(&engine).await?);
    print(&shown(&findings(&engine).await?));
    Ok(code::PASSED)
}

async fn about(engine: &Docker) -> Result<String, Problem> {
    let about = engine.about().await?;
    let mut rows = vec![
        ["engine", &format!("{} {}", about.name, about.version)].map(str::to_owned),
        ["address", &format!("{} ({})", engine.address, engine.how)].map(str::to_owned),
        ["API", &about.api].map(str::to_owned),
        ["storage", &about.storage].map(str::to_owned),
        ["kernel", &about.kernel].map(str::to_owned),
        ["system", &about.system].map(str::to_owned),
    ];
    let tried = engine.tried.iter();
    rows.extend(tried.map(|(what, why)| ["tried", &format!("{what}: {why}")].map(str::to_owned)));
    let rows: Vec<_> = rows.into_iter().map(|row| row.to_vec()).collect();
    Ok(format!("{}\n", columns(&rows)))
}

/// Each a question of its own; what a later version needs of an engine is one more line here.
async fn findings(engine: &Docker) -> Result<Vec<Finding>, Problem> {
    let storage = engine.about().await?.storage;
    let mut findings = vec![
        Finding::ok("the engine answers, and this user may use it"),
        Finding::ok("no docker client and no psql are needed on this machine"),
        speed(&storage),
    ];
    findings.extend(images(engine).await?);
    findings.push(base(engine).await?);
    findings.extend(networks(engine).await?);
    findings.push(leftovers(engine).await?);
    Ok(findings)
}

fn speed(storage: &str) -> Finding {
    match storage {
        "vfs" => Finding::no(
            "the engine's storage (vfs) copies a whole image for every node: slow, and big",
            "an engine with overlay2 is many times faster",
        ),
        "fuse-overlayfs" => Finding::ok(
            "the engine's storage (fuse-overlayfs) is slow in a container's own files; data directories lie on volumes, which are not",
        ),
        other => Finding::ok(format!("the engine's storage ({other}) is a quick one")),
    }
}

async fn images(engine: &Docker) -> Result<Vec<Finding>, Problem> {
    let images = Images::new(
        std::sync::Arc::new(engine.clone()),
        vec![here()?],
        Settings::of_process(),
    );
    let listed = images.list().await?;
    let current: Vec<_> = (listed.iter())
        .filter(|it| it.current && it.name == "pg")
        .filter_map(|it| it.major)
        .map(|major| major.to_string())
        .collect();
    let mut findings = vec![if current.is_empty() {
        Finding::no(
            "no image of a server is there yet",
            "`pgdrill run` builds what it needs, once; `pgdrill images build` does it now",
        )
    } else {
        Finding::ok(format!(
            "images of servers are there: PostgreSQL {}",
            current.join(", ")
        ))
    }];
    let old = listed.iter().filter(|it| !it.current).count();
    if old > 0 {
        findings.push(Finding::no(
            format!("images of recipes that have changed since: {old}"),
            "`pgdrill images` lists them, `pgdrill images remove TAG` removes one",
        ));
    }
    Ok(findings)
}

/// Where the ground of all images comes from.
async fn base(engine: &Docker) -> Result<Finding, Problem> {
    let means = Means::find(engine, DEFAULT_MAJOR).await?;
    let refused = engine.ask_registry(&means.published).await.err();
    Ok(base_finding(&means, refused.map(|error| error.to_string())))
}

fn base_finding(means: &Means, refused: Option<String>) -> Finding {
    let Some(refused) = refused else {
        let what = format!(
            "a registry answers: base images are pulled ({})",
            means.published
        );
        return Finding::ok(what);
    };
    if let Some(present) = &means.present {
        return Finding::ok(format!("the base image is there ({present}); {refused}"));
    }
    match means.tools.first() {
        Some(tool) => Finding::ok(format!(
            "base images are made with {tool} from the package archive; {refused}"
        )),
        None if means.may_install => Finding::ok(format!(
            "base images are made from the package archive, mmdebstrap is installed for that; {refused}"
        )),
        None => Finding::no(
            format!("there is nothing to make a base image with; {refused}"),
            "install mmdebstrap, or name a base image that the engine can get: BASE_IMAGE=registry/debian:release",
        ),
    }
}

/// How nodes' networks are reached, and which faults the kernel can play.
async fn networks(engine: &Docker) -> Result<Vec<Finding>, Problem> {
    let engine: Arc<dyn Engine> = Arc::new(engine.clone());
    let images = Images::new(
        Arc::clone(&engine) as Arc<dyn crate::engine::Images>,
        vec![here()?],
        Settings::of_process(),
    );
    let Some(image) = images.present("pg-base", DEFAULT_MAJOR).await? else {
        return Ok(vec![Finding::no(
            "what the engine lets networks do can't be tried yet",
            "`pgdrill images build` makes the image that it needs",
        )]);
    };
    let run = crate::run::new_id();
    let ground = Ground {
        engine,
        image: image.tag,
        name: format!("pgdrill-{run}.doctor"),
        labels: vec![
            (RUN_LABEL.to_owned(), run),
            (OWNER_LABEL.to_owned(), owner()),
        ],
        rights: Rights::default(),
        lasting: false,
    };
    Ok(network_findings(&Sight::look(&ground).await?))
}

fn network_findings(sight: &Sight) -> Vec<Finding> {
    let reach = match (&sight.all_processes, &sight.least) {
        (Ok(()), _) => Finding::ok("networks are reached the quick way (all-processes)"),
        (Err(why), Ok(())) => Finding::ok(format!(
            "networks are reached with the least rights, 0.4 s a node; the quick way is refused: {why}"
        )),
        (Err(why), Err(_)) => Finding::no(
            format!("the engine lets no container change networks: {why}"),
            "it must allow the capability NET_ADMIN",
        ),
    };
    let netem = if sight.netem {
        Finding::ok("the kernel can delay packets (netem)")
    } else {
        Finding::no(
            "the kernel can't delay packets: `shape` takes rate and loss only",
            NETEM,
        )
    };
    let filter = if sight.filter {
        Finding::ok("the kernel can lose the packets of one pair or port (nftables)")
    } else {
        Finding::no(
            "the kernel has no nftables for bridges: `cut` and lossy lines don't work",
            "`modprobe nf_tables nft_meta_bridge` on the engine's machine may bring it",
        )
    };
    vec![reach, netem, filter]
}

async fn leftovers(engine: &Docker) -> Result<Finding, Problem> {
    let left = engine.left(RUN_LABEL).await?;
    let count =
        left.containers.len() + left.volumes.len() + left.networks.len() + left.images.len();
    Ok(left_finding(count))
}

/// What was kept, and what still goes on, is as it should be: it is named, no more.
fn left_finding(count: usize) -> Finding {
    match count {
        0 => Finding::ok("nothing is left of earlier runs"),
        _ => Finding {
            advice: Some(
                "`pgdrill clean --dry-run` names them; `pgdrill clean` removes them, and leaves \
                 those of runs that still go on"
                    .to_owned(),
            ),
            ..Finding::ok(format!(
                "things on the engine, of runs that were kept or still go on: {count}"
            ))
        },
    }
}

fn shown(findings: &[Finding]) -> String {
    let one = |finding: &Finding| {
        let word = if finding.good { "ok" } else { "no" };
        let advice = finding
            .advice
            .as_ref()
            .map(|it| it.replace('\n', "\n      "));
        let advice = advice.map_or(String::new(), |advice| format!("      {advice}\n"));
        format!("{word}  {}\n{advice}", finding.what)
    };
    findings.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_a_sentence_and_what_to_do() {
        let findings = [
            Finding::ok("the engine answers"),
            Finding::no("no image", "build one\nor two"),
        ];
        insta::assert_snapshot!(shown(&findings), @"
        ok  the engine answers
        no  no image
              build one
              or two
        ");
    }

    #[test]
    fn a_base_image_is_pulled_found_made_or_asked_for() {
        let none = Means {
            published: "debian:trixie-slim".into(),
            present: None,
            tools: vec![],
            may_install: false,
        };
        let refused = || Some("no registry".to_owned());
        let with = |means: Means| base_finding(&means, refused()).what;
        assert!(base_finding(&none, None).good);
        assert!(!base_finding(&none, refused()).good);
        assert!(
            with(Means {
                tools: vec!["mmdebstrap"],
                ..none.clone()
            })
            .contains("made with mmdebstrap")
        );
        assert!(
            with(Means {
                present: Some("mine".into()),
                ..none
            })
            .contains("there (mine)")
        );
    }
}
