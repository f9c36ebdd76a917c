//! Recipes as texts, for who builds the images by hand.

use std::path::PathBuf;

use super::plan::plan;
use super::recipe::Recipe;
use super::{Result, Settings, base, major};

/// An image's recipe as it stands in its folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub name: String,
    /// Of the recipe, its arguments and what it stands on.
    pub hash: String,
    pub files: Vec<WrittenFile>,
    /// Whether its Dockerfile takes `BASE_IMAGE` and `PG_MAJOR`.
    pub takes_base: bool,
    pub takes_major: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenFile {
    /// Below the image's folder.
    pub path: String,
    pub text: String,
    pub executable: bool,
}

/// The recipes of an image, those that it stands on first; none: it is not one of ours.
pub fn written(roots: &[PathBuf], name: &str, major: u32) -> Result<Vec<Written>> {
    let planned = plan(roots, &Settings::default(), name, major)?;
    let mut all = Vec::new();
    for planned in planned {
        let Some(recipe) = Recipe::find(roots, &planned.name)? else {
            continue;
        };
        all.push(Written {
            files: recipe.texts(),
            takes_base: recipe.takes("BASE_IMAGE"),
            takes_major: recipe.takes("PG_MAJOR"),
            hash: planned.ready.hash,
            name: planned.name,
        });
    }
    Ok(all)
}

/// The image that the recipes of a major are based on, as registries have it.
pub fn published_base(major: u32) -> Result<String> {
    Ok(base::published(major::release(major, false)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recipes_come_with_all_their_files_and_parents_first() {
        let all = written(&[], "repmgr", 17).expect("they are brought along");
        let listed = all.iter().map(|it| {
            let files = it.files.iter().map(|file| {
                let mode = if file.executable { "*" } else { "" };
                format!(" {}{mode}", file.path)
            });
            format!("{}:{}", it.name, files.collect::<String>())
        });
        insta::assert_snapshot!(listed.collect::<Vec<_>>().join("\n"), @"
        pg-base: Dockerfile files/etc/dpkg/dpkg.cfg.d/lean files/etc/postgresql-common/createcluster.d/no-cluster.conf files/usr/local/sbin/apt-install* files/usr/local/sbin/pgdg*
        pg: Dockerfile start-postgres*
        repmgr: Dockerfile ssh/ssh_config ssh/sshd_config
        ");
        assert!(all[0].files[0].text.contains("\nFROM ${BASE_IMAGE}\n"));
        assert!(all[1].files[0].text.contains("\nFROM pg-base\n"));
        insta::assert_snapshot!(published_base(17).expect("it has one"), @"debian:trixie-slim");
    }
}
