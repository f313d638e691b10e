//! conda's `environment.yml`.

use saphyr_parser::{Event, Parser, ScalarStyle};

use crate::text::TextRange;

use super::PackageName;
use super::requirements::RequirementsFile;

/// What an environment file asks for (conda's documentation, "Creating an environment file manually").
#[derive(Clone, Debug, Default)]
pub struct CondaEnvironment {
    /// What the environment is called, unless the command line says otherwise.
    pub name: Option<String>,
    /// conda's own packages.
    pub packages: Vec<CondaPackage>,
    /// The list below `pip:`, whose members are lines of a requirements file.
    pub pip: RequirementsFile,
    /// Whether something in it is not understood: it is no YAML, or a member is no plain word.
    pub unknown: bool,
}

/// One of conda's packages.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CondaPackage {
    /// Its name, channel left out. Most Python packages go by the name that they have on `PyPI`.
    pub name: PackageName,
    /// What stands behind the name: `=3.11`, `>=2`, `=2.1=*cuda*`.
    pub specifier: String,
    /// Where it is written.
    pub range: TextRange,
}

/// Where in the file an event stands.
enum Frame {
    /// In a mapping, behind this key; `None` where a key comes next.
    Mapping(Option<String>),
    Sequence,
}

impl CondaEnvironment {
    /// Whether a file of this name is read as one: conda takes it by its extension.
    #[must_use]
    pub fn is_name(path: &str) -> bool {
        path.rsplit_once('.').is_some_and(|(_, extension)| {
            extension.eq_ignore_ascii_case("yml") || extension.eq_ignore_ascii_case("yaml")
        })
    }

    /// Reads the whole text; never fails.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let body = text.get(start..).unwrap_or_default();
        // The parser counts characters.
        let mut places: Vec<usize> = body.char_indices().map(|(at, _)| start + at).collect();
        places.push(text.len());
        let mut found = Self::default();
        let mut lines = Vec::new();
        let mut frames: Vec<Frame> = Vec::new();
        for event in Parser::new_from_str(body) {
            let Ok((event, span)) = event else {
                found.unknown = true;
                break;
            };
            match event {
                Event::Scalar(value, style, ..) => {
                    if let Some(Frame::Mapping(key @ None)) = frames.last_mut() {
                        *key = Some(value.into_owned());
                        continue;
                    }
                    let quotes = usize::from(matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted));
                    let from = places.get(span.start.index()).copied().unwrap_or(text.len()) + quotes;
                    let range = TextRange::from_usize(from, (from + value.len()).min(text.len()).max(from));
                    match frames.as_slice() {
                        [Frame::Mapping(Some(key)), Frame::Sequence] if key == "dependencies" => {
                            found.packages.extend(CondaPackage::parse(&value, range));
                        }
                        [Frame::Mapping(Some(key)), Frame::Sequence, Frame::Mapping(Some(pip)), Frame::Sequence]
                            if key == "dependencies" && pip == "pip" =>
                        {
                            // Over several lines, or with escapes, it is not what is written.
                            if range.slice(text) == value {
                                lines.push(range);
                            } else {
                                found.unknown = true;
                            }
                        }
                        [Frame::Mapping(Some(key)), Frame::Sequence, ..] if key == "dependencies" => {
                            found.unknown = true;
                        }
                        [Frame::Mapping(Some(key))] if key == "name" => found.name = Some(value.into_owned()),
                        _ => {}
                    }
                    end_value(&mut frames);
                }
                Event::Alias(_) => {
                    found.unknown = true;
                    end_value(&mut frames);
                }
                Event::SequenceStart(..) => frames.push(Frame::Sequence),
                Event::MappingStart(..) => frames.push(Frame::Mapping(None)),
                Event::SequenceEnd | Event::MappingEnd => {
                    frames.pop();
                    end_value(&mut frames);
                }
                _ => {}
            }
        }
        found.pip = RequirementsFile::parse(&only(text, &lines));
        found
    }
}

/// A value is complete: in a mapping the next key follows.
fn end_value(frames: &mut [Frame]) {
    if let Some(Frame::Mapping(key)) = frames.last_mut() {
        *key = None;
    }
}

/// The text with blanks for all but the ranges, so that places stay what they are.
fn only(text: &str, ranges: &[TextRange]) -> String {
    let mut kept = String::with_capacity(text.len());
    let blank = |part: &str| -> String {
        part.bytes().map(|byte| if matches!(byte, b'\n' | b'\r') { char::from(byte) } else { ' ' }).collect()
    };
    let mut at = 0;
    for range in ranges {
        kept.push_str(&blank(text.get(at..range.start() as usize).unwrap_or_default()));
        kept.push_str(range.slice(text));
        at = range.end() as usize;
    }
    kept.push_str(&blank(text.get(at..).unwrap_or_default()));
    kept
}

impl CondaPackage {
    /// `conda-forge::numpy>=1.26`, `python=3.11`, `pytorch =2.1=*cuda*`
    fn parse(text: &str, range: TextRange) -> Option<Self> {
        let spec = text.rsplit_once("::").map_or(text, |(_, spec)| spec).trim();
        let end = spec.find(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))).unwrap_or(spec.len());
        let (name, specifier) = spec.split_at_checked(end)?;
        let specifier = specifier.trim().to_owned();
        (!name.is_empty()).then(|| Self { name: PackageName::new(name), specifier, range })
    }

    /// Major and minor of the version that it is held to: `=3.11`, `==3.11.4`, `3.11.*`.
    #[must_use]
    pub fn release(&self) -> Option<(u32, u32)> {
        let version = self.specifier.trim_start_matches(['=', ' ']);
        let exact = self.specifier.starts_with('=') || self.specifier.starts_with(|c: char| c.is_ascii_digit());
        let (major, rest) = version.split_once('.').filter(|_| exact)?;
        let minor = rest.split(|c: char| !c.is_ascii_digit()).next()?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> (Vec<String>, Vec<String>, bool) {
        let found = CondaEnvironment::parse(text);
        let packages = found.packages.iter().map(|package| format!("{} {}", package.name, package.specifier));
        let pip = found.pip.entries.iter().map(|entry| entry.range.slice(text).to_owned());
        (packages.collect(), pip.collect(), found.unknown)
    }

    #[test]
    fn both_lists_are_read() {
        let text = "\u{feff}# Umgebung für uns\nname: demo # das pip: hier nicht\nchannels: [pytorch, conda-forge]\r\ndependencies:\n  - python=3.11\n  - \
                    conda-forge::numpy >=1.26 # ä\n  - 'pytorch=2.1=*cuda*'\n  - pip\n  - pip:\n    - -r requirements.txt\n    - \"torch==2.1.0\" # ü\n    - \
                    --extra-index-url https://example.invalid/cpu\n    - uvicorn[standard] ; python_version > '3'\nprefix: /opt/pip\n";
        let (packages, pip, unknown) = shown(text);
        assert_eq!(packages, ["python =3.11", "numpy >=1.26", "pytorch =2.1=*cuda*", "pip "]);
        let lines = [
            "-r requirements.txt",
            "torch==2.1.0",
            "--extra-index-url https://example.invalid/cpu",
            "uvicorn[standard] ; python_version > '3'",
        ];
        assert_eq!(pip, lines);
        assert!(!unknown);
        assert_eq!(CondaEnvironment::parse(text).packages[0].release(), Some((3, 11)));
    }

    #[test]
    fn what_is_not_understood_is_said() {
        let selected = "dependencies:\n- python\n- sel(linux): libgomp\n- pip:\n  - torch\n";
        assert_eq!(shown(selected), (vec!["python ".to_owned()], vec!["torch".to_owned()], true));
        let broken = "dependencies:\n  - a\n - b: [\n";
        assert!(shown(broken).2);
        let folded = "dependencies:\n- pip:\n  - torch\n    ==2.1\n";
        assert_eq!(shown(folded), (Vec::new(), Vec::new(), true));
        for hostile in
            ["", "-", "{", "dependencies: *a", "[[[[[[[[", "dependencies:\n- pip:\n  - [a, {b: c}]\n", "? ? ? ?"]
        {
            assert!(shown(hostile).1.is_empty(), "{hostile}");
        }
        let nested = "[".repeat(100_000);
        assert!(shown(&nested).1.is_empty());
        let nested = "- ".repeat(20_000);
        assert!(shown(&nested).1.is_empty());
    }
}
