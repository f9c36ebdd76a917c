//! A root file system from the distribution's package archive, for where no registry answers.

use std::path::{Path, PathBuf};

use super::lock::lock;
use super::process::{Ended, is_installed, run};
use super::sources::Archive;
use super::{Error, Result};

/// Texts that nobody reads in a container are left out, now and at later installations.
const DPKG: [&str; 5] = [
    "path-exclude=/usr/share/doc/*",
    "path-include=/usr/share/doc/*/copyright",
    "path-exclude=/usr/share/man/*",
    "path-exclude=/usr/share/locale/*",
    "force-unsafe-io",
];

/// What apt is told where an archive's signed date is over.
const FROZEN: &str = "Acquire::Check-Valid-Until \"false\";";

/// Hears what is done and what the programs print.
type Said<'a> = &'a (dyn Fn(&str) + Send + Sync);

/// Makes the release's root file system; the tar archive lies in a folder that goes with it.
pub(super) async fn root_file_system(release: &str, image: &str, said: Said<'_>) -> Result<Packed> {
    let tool = tool(image, said).await?;
    let folder = Scratch::new(release)?;
    let archive = Archive::of_machine();
    if archive.is_none() {
        said("no Debian archive in this machine's package sources: the tool's default is used");
    }
    let lines = archive.map_or_else(Vec::new, |archive| archive.lines(release));
    let ended = frozen_or_not(said, async |apt| {
        folder.empty()?;
        tool.make(release, &lines, &folder.0, apt, said).await
    })
    .await?;
    if ended.succeeded() {
        return Ok(Packed {
            file: folder.0.join("root.tar"),
            _folder: folder,
        });
    }
    Err(Error::BaseFailed {
        image: image.to_owned(),
        reason: format!("{tool}: {}", ended.status),
        last: ended.last(),
    })
}

/// A tar archive, there as long as this lives.
#[derive(Debug)]
pub(super) struct Packed {
    pub file: PathBuf,
    _folder: Scratch,
}

/// Tries once more where the archive's signed date is over, and tells apt then to look past that.
async fn frozen_or_not(
    said: Said<'_>,
    attempt: impl AsyncFn(&[&str]) -> Result<Ended>,
) -> Result<Ended> {
    let ended = attempt(&[]).await?;
    let is_expired = ended.lines.iter().any(|line| line.contains("is expired"));
    if ended.succeeded() || !is_expired {
        return Ok(ended);
    }
    said(
        "the package archive is past the date that it is signed for (a frozen copy?): used as \
         it is",
    );
    attempt(&[FROZEN]).await
}

#[derive(Debug, Clone, Copy)]
enum Tool {
    Mmdebstrap,
    Debootstrap,
}

impl std::fmt::Display for Tool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Tool::Mmdebstrap => "mmdebstrap",
            Tool::Debootstrap => "debootstrap",
        })
    }
}

/// The tool that is there; else mmdebstrap is installed, where we may.
async fn tool(image: &str, said: Said<'_>) -> Result<Tool> {
    let is_root = is_root();
    if is_installed("mmdebstrap") {
        return Ok(Tool::Mmdebstrap);
    }
    if is_root && is_installed("debootstrap") {
        return Ok(Tool::Debootstrap);
    }
    let no_tool = |why: String| Error::NoTool {
        image: image.to_owned(),
        why: vec!["no registry answers".to_owned(), why],
    };
    if !is_root || !is_installed("apt-get") {
        return Err(no_tool("mmdebstrap is not installed".to_owned()));
    }
    let _lock = lock("packages", || {
        said("another run is installing packages: waiting");
    })
    .await?;
    if is_installed("mmdebstrap") {
        return Ok(Tool::Mmdebstrap);
    }
    said("mmdebstrap is not installed: installing it on this machine (apt-get install mmdebstrap)");
    let install =
        words("apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 mmdebstrap");
    let mut ended = start(&install, said).await?;
    if !ended.succeeded() {
        frozen_or_not(said, async |apt| {
            let update = match apt {
                [] => "apt-get update",
                _ => "apt-get update -o Acquire::Check-Valid-Until=false",
            };
            start(&words(update), said).await
        })
        .await?;
        ended = start(&install, said).await?;
    }
    if ended.succeeded() {
        return Ok(Tool::Mmdebstrap);
    }
    let last = ended.last().join("\n");
    Err(no_tool(format!("its installation failed:\n{last}")))
}

impl Tool {
    async fn make(
        self,
        release: &str,
        lines: &[String],
        folder: &Path,
        apt: &[&str],
        said: Said<'_>,
    ) -> Result<Ended> {
        match self {
            Tool::Mmdebstrap => start(&mmdebstrap(release, lines, folder, apt), said).await,
            Tool::Debootstrap => debootstrap(release, lines, folder, apt, said).await,
        }
    }
}

fn mmdebstrap(release: &str, lines: &[String], folder: &Path, apt: &[&str]) -> Vec<String> {
    let mut program = words("mmdebstrap --variant=minbase --format=tar");
    program.extend(DPKG.map(|option| format!("--dpkgopt={option}")));
    program.extend(apt.iter().map(|option| format!("--aptopt={option}")));
    program.extend(what(release, lines, &folder.join("root.tar")));
    program.extend(lines.iter().cloned());
    program
}

/// What both tools are told alike: the release, and where it goes.
fn what(release: &str, lines: &[String], target: &Path) -> Vec<String> {
    let secure = lines.iter().any(|line| line.contains("https://"));
    let certificates = secure.then(|| "--include=ca-certificates".to_owned());
    let (release, target) = (release.to_owned(), target.display().to_string());
    certificates.into_iter().chain([release, target]).collect()
}

/// The older tool makes a folder, from one archive; what it was told stays for later apt runs.
async fn debootstrap(
    release: &str,
    lines: &[String],
    folder: &Path,
    apt: &[&str],
    said: Said<'_>,
) -> Result<Ended> {
    let root = folder.join("root");
    let mut program = words("debootstrap --variant=minbase");
    program.extend(what(release, lines, &root));
    let uri = lines.first().and_then(|line| {
        line.split_whitespace()
            .find(|word| word.starts_with("http"))
            .map(str::to_owned)
    });
    program.extend(uri);
    let ended = start(&program, said).await?;
    if !ended.succeeded() {
        return Ok(ended);
    }
    if !lines.is_empty() {
        write(&root.join("etc/apt/sources.list"), &lines.join("\n"))?;
    }
    write(&root.join("etc/dpkg/dpkg.cfg.d/lean"), &DPKG.join("\n"))?;
    if !apt.is_empty() {
        write(&root.join("etc/apt/apt.conf.d/90frozen"), &apt.join("\n"))?;
    }
    let pack = format!(
        "tar --create --numeric-owner --one-file-system --exclude=./var/cache/apt/archives/*.deb \
         --exclude=./var/lib/apt/lists/* --file={}/root.tar --directory={} .",
        folder.display(),
        root.display()
    );
    start(&words(&pack), said).await
}

fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, format!("{text}\n")).map_err(|source| Error::File {
        path: path.to_owned(),
        source,
    })
}

async fn start(program: &[String], said: Said<'_>) -> Result<Ended> {
    run(program, said).await.map_err(|source| Error::File {
        path: PathBuf::from(&program[0]),
        source,
    })
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// Our own process belongs to root.
pub(super) fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// A folder for this making alone; removed with what is in it.
#[derive(Debug)]
struct Scratch(PathBuf);

impl Scratch {
    fn new(release: &str) -> Result<Self> {
        let name = format!("pgdrill-{release}-{}", std::process::id());
        let folder = Self(std::env::temp_dir().join(name));
        folder.empty()?;
        Ok(folder)
    }

    fn empty(&self) -> Result<()> {
        let _ = std::fs::remove_dir_all(&self.0);
        std::fs::create_dir_all(&self.0).map_err(|source| Error::File {
            path: self.0.clone(),
            source,
        })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A file of our own; if it stays, it stays in the place for such files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn a_frozen_archive_is_named_to_the_tool_and_to_later_apt_runs() {
        let lines = ["deb http://a/debian sid main".to_owned()];
        let program = mmdebstrap("sid", &lines, Path::new("/t"), &[FROZEN]);
        assert_snapshot!(program.join("\n"), @r#"
        mmdebstrap
        --variant=minbase
        --format=tar
        --dpkgopt=path-exclude=/usr/share/doc/*
        --dpkgopt=path-include=/usr/share/doc/*/copyright
        --dpkgopt=path-exclude=/usr/share/man/*
        --dpkgopt=path-exclude=/usr/share/locale/*
        --dpkgopt=force-unsafe-io
        --aptopt=Acquire::Check-Valid-Until "false";
        sid
        /t/root.tar
        deb http://a/debian sid main
        "#);
    }
}
