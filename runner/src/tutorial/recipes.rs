//! The images of a page, for a reader who has none of them: recipes in full, and how they are built.

use std::path::PathBuf;

use super::text::fenced;
use crate::engine::{heredoc, quoted};
use crate::image::{Written, published_base, written};
use crate::problem::Problem;

/// The recipes of the images that a page starts nodes from, parents first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipes {
    images: Vec<Written>,
    base: String,
    major: u32,
}

impl Recipes {
    /// Recipes come from the first root that has them, else they are those brought along.
    pub fn of(names: &[String], roots: &[PathBuf], major: u32) -> Result<Self, Box<Problem>> {
        let failed = |error| Box::new(Problem::from(error));
        let mut images: Vec<Written> = Vec::new();
        for name in names {
            for image in written(roots, name, major).map_err(failed)? {
                if !images.contains(&image) {
                    images.push(image);
                }
            }
        }
        Ok(Self {
            images,
            base: published_base(major).map_err(failed)?,
            major,
        })
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.images.iter().map(|it| it.name.clone()).collect()
    }

    /// What the recipes stand on.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// Commands that write the recipes into a folder and build them, in Markdown; none: all images are
    /// other people's.
    pub(super) fn markdown(&self) -> Option<String> {
        let commands: Vec<_> = self.images.iter().map(|it| self.commands(it)).collect();
        (!commands.is_empty()).then(|| fenced("bash", &commands.join("\n\n")))
    }

    fn commands(&self, image: &Written) -> String {
        let path = |below: &str| {
            let path = format!("images/{}/{below}", image.name);
            quoted(path.trim_end_matches('/'))
        };
        let folder = |it: &str| it.rfind('/').map_or("", |at| &it[..at]).to_owned();
        let mut folders: Vec<_> = image
            .files
            .iter()
            .map(|it| path(&folder(&it.path)))
            .collect();
        folders.sort();
        folders.dedup();
        let mut lines = vec![format!("mkdir -p {}", folders.join(" "))];
        for file in &image.files {
            // A here-document ends its last line.
            let text = file.text.strip_suffix('\n').unwrap_or(&file.text);
            let path = path(&file.path);
            lines.push(format!("cat >{path} {}", heredoc(text)));
            if file.executable {
                lines.push(format!("chmod +x {path}"));
            }
        }
        let base = format!(" --build-arg BASE_IMAGE={}", quoted(&self.base));
        let base = if image.takes_base { base.as_str() } else { "" };
        let major = format!(" --build-arg PG_MAJOR={}", self.major);
        let major = if image.takes_major {
            major.as_str()
        } else {
            ""
        };
        let (name, folder) = (quoted(&image.name), path(""));
        lines.push(format!("docker build -t {name}{base}{major} {folder}"));
        lines.join("\n")
    }
}
