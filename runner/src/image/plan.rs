//! What must be there for an image, parents first.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::recipe::{Ready, Recipe};
use super::{Error, Result, Settings, major};

/// An image that has a recipe.
#[derive(Debug, Clone)]
pub(super) struct Planned {
    pub name: String,
    pub major: u32,
    /// `pg:17`, for people.
    pub title: String,
    pub tag: String,
    /// The tags of what it stands on, as far as they are ours.
    pub parents: Vec<String>,
    pub arguments: Vec<(String, String)>,
    /// The release that its `BASE_IMAGE` is to be, unless that is given.
    pub release: Option<&'static str>,
    pub ready: Ready,
}

/// The image and what it stands on, itself last; nothing where it has no recipe.
pub(super) fn plan(
    roots: &[PathBuf],
    settings: &Settings,
    name: &str,
    major: u32,
) -> Result<Vec<Planned>> {
    let mut planner = Planner {
        roots,
        settings,
        major,
        chain: Vec::new(),
        planned: Vec::new(),
    };
    planner.add(name)?;
    Ok(planner.planned)
}

struct Planner<'a> {
    roots: &'a [PathBuf],
    settings: &'a Settings,
    major: u32,
    chain: Vec<String>,
    planned: Vec<Planned>,
}

impl Planner<'_> {
    /// Gives the image's tag, if it has a recipe.
    fn add(&mut self, name: &str) -> Result<Option<String>> {
        if let Some(there) = self.planned.iter().find(|it| it.name == name) {
            return Ok(Some(there.tag.clone()));
        }
        let Some(recipe) = Recipe::find(self.roots, name)? else {
            return Ok(None);
        };
        self.chain.push(name.to_owned());
        if self.chain[..self.chain.len() - 1]
            .iter()
            .any(|it| it == name)
        {
            return Err(Error::Cycle {
                chain: self.chain.clone(),
            });
        }
        let mut tags = BTreeMap::new();
        for parent in recipe.parents() {
            if let Some(tag) = self.add(&parent)? {
                tags.insert(parent, tag);
            }
        }
        self.chain.pop();
        let planned = self.planned(&recipe, &tags)?;
        let tag = planned.tag.clone();
        self.planned.push(planned);
        Ok(Some(tag))
    }

    fn planned(&self, recipe: &Recipe, tags: &BTreeMap<String, String>) -> Result<Planned> {
        let Self {
            settings, major, ..
        } = *self;
        let mut arguments = Vec::new();
        if recipe.takes("PG_MAJOR") {
            arguments.push(("PG_MAJOR".to_owned(), major.to_string()));
        }
        if recipe.takes("PGDG") && settings.pgdg {
            arguments.push(("PGDG".to_owned(), "1".to_owned()));
        }
        let mut hashed = arguments.clone();
        let mut release = None;
        if recipe.takes("BASE_IMAGE") {
            let base = if let Some(given) = &settings.base_image {
                arguments.push(("BASE_IMAGE".to_owned(), given.clone()));
                given.clone()
            } else {
                // However the release comes here, the image is the same.
                let known = major::release(major, settings.pgdg)?;
                release = Some(known);
                format!("debian:{known}")
            };
            hashed.push(("BASE_IMAGE".to_owned(), base));
        }
        let ready = recipe.ready(tags, &hashed)?;
        Ok(Planned {
            name: recipe.name.clone(),
            major,
            title: format!("{}:{major}", recipe.name),
            tag: format!("pgdrill/{}:{major}-{}", recipe.name, ready.hash),
            parents: tags.values().cloned().collect(),
            arguments,
            release,
            ready,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(recipes: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("a folder");
        for (name, dockerfile) in recipes {
            let folder = root.path().join("images").join(name);
            std::fs::create_dir_all(&folder).expect("folders");
            std::fs::write(folder.join("Dockerfile"), dockerfile).expect("a file");
        }
        root
    }

    fn tags(root: &tempfile::TempDir, settings: &Settings, major: u32) -> Result<Vec<String>> {
        let planned = plan(&[root.path().to_owned()], settings, "mine", major)?;
        Ok(planned.into_iter().map(|it| it.tag).collect())
    }

    #[test]
    fn an_image_comes_after_what_it_stands_on() {
        let tags = tags(&root(&[("mine", "FROM pg")]), &Settings::default(), 15).expect("a plan");
        let names: Vec<_> = tags
            .iter()
            .map(|tag| tag.split('-').next().unwrap_or(""))
            .collect();
        assert_eq!(names, ["pgdrill/pg", "pgdrill/pg:15", "pgdrill/mine:15"]);
    }

    #[test]
    fn a_change_below_changes_every_tag_above() {
        let none = Settings::default();
        let plain = tags(&root(&[("mine", "FROM pg")]), &none, 17).expect("a plan");
        let other = root(&[
            ("mine", "FROM pg"),
            ("pg-base", "ARG BASE_IMAGE\nFROM $BASE_IMAGE"),
        ]);
        let changed = tags(&other, &none, 17).expect("a plan");
        assert!(plain.iter().zip(&changed).all(|(a, b)| a != b));
        let given = Settings {
            base_image: Some("mirror/debian:13".into()),
            ..none
        };
        let given = tags(&root(&[("mine", "FROM pg")]), &given, 17).expect("a plan");
        assert!(plain.iter().zip(&given).all(|(a, b)| a != b));
    }

    #[test]
    fn recipes_that_need_each_other_are_refused() {
        let root = root(&[("mine", "FROM other"), ("other", "FROM mine")]);
        let error = tags(&root, &Settings::default(), 17).expect_err("a cycle");
        insta::assert_snapshot!(error, @"the recipes of images need each other: mine -> other -> mine");
    }

    #[test]
    fn a_major_that_no_release_has_is_refused() {
        let root = root(&[("mine", "FROM pg")]);
        let error = tags(&root, &Settings::default(), 16).expect_err("no release");
        insta::assert_snapshot!(error, @"no supported distribution release has PostgreSQL 16");
        let pgdg = Settings {
            pgdg: true,
            ..Settings::default()
        };
        assert!(tags(&root, &pgdg, 16).is_ok());
    }
}
