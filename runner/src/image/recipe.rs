//! An image's recipe: the folder `images/NAME` with its Dockerfile and files.

use std::collections::BTreeMap;
use std::path::Path;

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::written::WrittenFile;
use super::{Error, Result, dockerfile};

/// The recipes that pgdrill brings along.
#[derive(rust_embed::RustEmbed)]
#[folder = "images/"]
struct Embedded;

/// A recipe as it was found.
#[derive(Debug, Clone)]
pub(super) struct Recipe {
    pub name: String,
    files: BTreeMap<String, File>,
}

#[derive(Debug, Clone)]
struct File {
    content: Vec<u8>,
    executable: bool,
}

/// A recipe whose parents and arguments are known.
#[derive(Debug, Clone)]
pub(super) struct Ready {
    pub hash: String,
    files: BTreeMap<String, File>,
}

impl Ready {
    /// A tar archive of the build's context. All labels are one more line of the Dockerfile: the
    /// engine's own option makes a line, and so a slow step, of each.
    pub fn context(&self, labels: &[(String, String)]) -> Bytes {
        let mut files = self.files.clone();
        if let Some(file) = files.get_mut("Dockerfile")
            && !labels.is_empty()
        {
            file.content
                .extend_from_slice(label_line(labels).as_bytes());
        }
        packed(&files)
    }
}

/// A context without files.
pub(super) fn bare(dockerfile: &str, labels: &[(String, String)]) -> Bytes {
    let file = File {
        content: format!("{dockerfile}{}", label_line(labels)).into_bytes(),
        executable: false,
    };
    packed(&BTreeMap::from([("Dockerfile".to_owned(), file)]))
}

fn label_line(labels: &[(String, String)]) -> String {
    if labels.is_empty() {
        return String::new();
    }
    let pair = |(key, value): &(String, String)| format!("{key}=\"{value}\"");
    let pairs: Vec<_> = labels.iter().map(pair).collect();
    format!("\nLABEL {}\n", pairs.join(" "))
}

impl Recipe {
    /// The recipe of this name: the first root's that has one, else the one brought along.
    pub fn find(roots: &[impl AsRef<Path>], name: &str) -> Result<Option<Self>> {
        if !is_name(name) {
            return Ok(None);
        }
        for root in roots {
            let folder = root.as_ref().join("images").join(name);
            if folder.is_dir() {
                let mut files = BTreeMap::new();
                read(&folder, "", &mut files)?;
                return Self::checked(name, files).map(Some);
            }
        }
        let files = embedded(name);
        if files.is_empty() {
            return Ok(None);
        }
        Self::checked(name, files).map(Some)
    }

    fn checked(name: &str, files: BTreeMap<String, File>) -> Result<Self> {
        let recipe = Self {
            name: name.to_owned(),
            files,
        };
        recipe.dockerfile()?;
        Ok(recipe)
    }

    fn dockerfile(&self) -> Result<&str> {
        let bad = |why: &str| Error::BadRecipe {
            image: self.name.clone(),
            why: why.to_owned(),
        };
        let file = self.files.get("Dockerfile");
        let file = file.ok_or_else(|| bad("`images/NAME/Dockerfile` is missing"))?;
        std::str::from_utf8(&file.content).map_err(|_| bad("its Dockerfile is no UTF-8 text"))
    }

    /// What the Dockerfile stands on; its own stages are left out.
    pub fn parents(&self) -> Vec<String> {
        dockerfile::parents(self.dockerfile().unwrap_or_default())
    }

    /// Whether the Dockerfile declares the build argument.
    pub fn takes(&self, argument: &str) -> bool {
        dockerfile::takes(self.dockerfile().unwrap_or_default(), argument)
    }

    /// Its files, as texts.
    pub fn texts(&self) -> Vec<WrittenFile> {
        let text = |(path, file): (&String, &File)| WrittenFile {
            path: path.clone(),
            text: String::from_utf8_lossy(&file.content).into_owned(),
            executable: file.executable,
        };
        self.files.iter().map(text).collect()
    }

    /// Puts the parents' tags into the Dockerfile and gives everything that makes the image one hash.
    pub fn ready(
        &self,
        tags: &BTreeMap<String, String>,
        arguments: &[(String, String)],
    ) -> Result<Ready> {
        let mut files = self.files.clone();
        let dockerfile = dockerfile::on_tags(self.dockerfile()?, tags);
        files.insert(
            "Dockerfile".to_owned(),
            File {
                content: dockerfile.into_bytes(),
                executable: false,
            },
        );
        let mut hash = Sha256::new();
        let mut take = |part: &[u8]| {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        };
        for (path, file) in &files {
            take(path.as_bytes());
            take(&[u8::from(file.executable)]);
            take(&file.content);
        }
        for (name, value) in arguments {
            take(name.as_bytes());
            take(value.as_bytes());
        }
        let hash = hash.finalize();
        let hash: Vec<_> = hash[..6].iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Ready {
            hash: hash.concat(),
            files,
        })
    }
}

/// Names of all recipes in the roots and of those brought along.
pub(super) fn names(roots: &[impl AsRef<Path>]) -> Vec<String> {
    let in_root = |root: &Path| {
        let entries = std::fs::read_dir(root.join("images"));
        entries
            .into_iter()
            .flatten()
            .flatten()
            .filter(|entry| entry.path().join("Dockerfile").is_file())
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect::<Vec<_>>()
    };
    let mut names: Vec<_> = roots
        .iter()
        .flat_map(|root| in_root(root.as_ref()))
        .chain(
            Embedded::iter().filter_map(|path| Some(path.strip_suffix("/Dockerfile")?.to_owned())),
        )
        .filter(|name| is_name(name))
        .collect();
    names.sort();
    names.dedup();
    names
}

/// What can be a folder's name here; anything else is an image's name elsewhere.
pub(super) fn is_name(name: &str) -> bool {
    name.starts_with(|it: char| it.is_ascii_lowercase() || it.is_ascii_digit())
        && name
            .chars()
            .all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || "-_.".contains(it))
}

fn read(folder: &Path, under: &str, files: &mut BTreeMap<String, File>) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| Error::File { path, source }
    };
    for entry in std::fs::read_dir(folder).map_err(failed(folder))? {
        let path = entry.map_err(failed(folder))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = format!("{under}{name}");
        if path.is_dir() {
            read(&path, &format!("{name}/"), files)?;
            continue;
        }
        let content = std::fs::read(&path).map_err(failed(&path))?;
        let mode = path.metadata().map_err(failed(&path))?.permissions().mode();
        let executable = mode & 0o100 != 0 || is_script(&content);
        files.insert(
            name,
            File {
                content,
                executable,
            },
        );
    }
    Ok(())
}

fn embedded(name: &str) -> BTreeMap<String, File> {
    let within = format!("{name}/");
    Embedded::iter()
        .filter_map(|path| {
            let inner = path.strip_prefix(&within)?.to_owned();
            let content = Embedded::get(&path)?.data.into_owned();
            // Modes are not embedded.
            let executable = is_script(&content);
            Some((
                inner,
                File {
                    content,
                    executable,
                },
            ))
        })
        .collect()
}

fn is_script(content: &[u8]) -> bool {
    content.starts_with(b"#!")
}

fn packed(files: &BTreeMap<String, File>) -> Bytes {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, file) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(file.content.len() as u64);
        header.set_mode(if file.executable { 0o755 } else { 0o644 });
        archive
            .append_data(&mut header, path, file.content.as_slice())
            .expect("memory takes all, and the paths are relative");
    }
    archive.into_inner().expect("memory takes all").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOWHERE: [&str; 0] = [];

    fn recipe(dockerfile: &str) -> Recipe {
        let file = File {
            content: dockerfile.as_bytes().to_vec(),
            executable: false,
        };
        Recipe {
            name: "mine".into(),
            files: BTreeMap::from([("Dockerfile".to_owned(), file)]),
        }
    }

    fn hash(dockerfile: &str, arguments: &[(&str, &str)]) -> String {
        let arguments: Vec<_> = arguments
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        recipe(dockerfile)
            .ready(&BTreeMap::new(), &arguments)
            .expect("a recipe")
            .hash
    }

    #[test]
    fn the_hash_covers_text_and_arguments_and_is_stable() {
        let same = hash("FROM a", &[("PG_MAJOR", "17")]);
        assert_eq!(same, hash("FROM a", &[("PG_MAJOR", "17")]));
        assert_ne!(same, hash("FROM b", &[("PG_MAJOR", "17")]));
        assert_ne!(same, hash("FROM a", &[("PG_MAJOR", "15")]));
        assert_ne!(same, hash("FROM a", &[]));
        assert_eq!(same.len(), 12);
    }

    #[test]
    fn an_own_folder_goes_before_the_one_brought_along() {
        let root = tempfile::tempdir().expect("a folder");
        let folder = root.path().join("images/pg");
        std::fs::create_dir_all(&folder).expect("folders");
        let bad = Recipe::find(&[root.path()], "pg").expect_err("no Dockerfile");
        assert!(bad.to_string().contains("Dockerfile` is missing"), "{bad}");
        std::fs::write(folder.join("Dockerfile"), "FROM mine").expect("a file");
        let own = Recipe::find(&[root.path()], "pg").expect("readable");
        assert_eq!(own.expect("there").parents(), ["mine"]);
    }

    #[test]
    fn what_is_brought_along_is_the_same_as_the_folder() {
        let clone = [env!("CARGO_MANIFEST_DIR")];
        for name in names(&NOWHERE) {
            let ready = |found: Option<Recipe>| {
                let recipe = found.expect("there");
                recipe.ready(&BTreeMap::new(), &[]).expect("complete").hash
            };
            let embedded = ready(Recipe::find(&NOWHERE, &name).expect("readable"));
            assert_eq!(
                embedded,
                ready(Recipe::find(&clone, &name).expect("readable")),
                "{name}"
            );
        }
    }

    #[test]
    fn other_images_have_no_recipe() {
        for name in ["postgres:17", "../pg", "a/b", ".git", "nothing"] {
            assert!(
                Recipe::find(&NOWHERE, name).expect("fine").is_none(),
                "{name}"
            );
        }
    }
}
