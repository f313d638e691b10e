//! A service as large ones are: packages of sources that import each other and libraries, and a lock. Always the same.

use std::fmt::Write as _;
use std::path::Path;
use std::{fs, io};

const SOURCES: usize = 2_000;
const SOURCES_IN_PACKAGE: usize = 20;
const LINES: usize = 150;
/// With these the lock has 10,000 lines.
const PACKAGES: usize = 303;

/// What the project asks for; the program imports all but the last three.
const DIRECT: [&str; 16] = [
    "fastapi",
    "sqlalchemy",
    "pydantic",
    "httpx",
    "redis",
    "celery",
    "structlog",
    "numpy",
    "pandas",
    "tenacity",
    "boto3",
    "jinja2",
    "click",
    "scikit-learn",
    "sentence-transformers",
    "opencv-python",
];
const MODULES: [&str; 13] = [
    "fastapi",
    "sqlalchemy.orm",
    "pydantic",
    "httpx",
    "redis.asyncio",
    "celery",
    "structlog",
    "numpy",
    "pandas",
    "tenacity",
    "boto3.session",
    "jinja2",
    "click",
];
const STANDARD: [&str; 12] = [
    "asyncio",
    "collections",
    "contextlib",
    "dataclasses",
    "datetime",
    "functools",
    "itertools",
    "json",
    "logging",
    "pathlib",
    "typing",
    "uuid",
];
const NOUNS: [&str; 24] = [
    "account", "address", "amount", "basket", "batch", "channel", "column", "contract", "customer", "delivery",
    "device", "event", "invoice", "ledger", "message", "order", "payment", "policy", "price", "product", "report",
    "session", "tenant", "voucher",
];
const VERBS: [&str; 16] = [
    "apply", "archive", "build", "check", "collect", "create", "export", "fetch", "group", "import", "load", "merge",
    "notify", "refresh", "resolve", "store",
];

/// How much was made.
#[allow(dead_code, reason = "every benchmark uses a part of it")]
pub struct Made {
    pub sources: usize,
    pub lines: usize,
    pub lock_lines: usize,
}

/// Writes the service to `large`, and what is left of it without sources and lock to `small`.
pub fn service(large: &Path, small: &Path) -> io::Result<Made> {
    let mut dice = Dice(0x5eed);
    let mut lines = 0;
    for number in 0..SOURCES {
        let package = number / SOURCES_IN_PACKAGE;
        let folder = large.join(format!("app/area{}/{}{package}", package % 10, noun(package)));
        fs::create_dir_all(&folder)?;
        let text = source(&mut dice, number);
        lines += text.lines().count();
        fs::write(folder.join(format!("{}_{number}.py", noun(number))), text)?;
    }
    let lock = lock(&mut dice);
    for folder in [large, small] {
        fs::create_dir_all(folder.join(".git"))?;
        fs::create_dir_all(folder.join("app"))?;
        fs::write(folder.join("pyproject.toml"), pyproject())?;
        fs::write(folder.join("app/main.py"), "import fastapi\n\napp = fastapi.FastAPI()\n")?;
        fs::write(folder.join(".dockerignore"), ".git\n.venv\n**/__pycache__\n")?;
        fs::write(folder.join("Dockerfile"), DOCKERFILE)?;
    }
    fs::write(large.join("uv.lock"), &lock)?;
    Ok(Made { sources: SOURCES, lines, lock_lines: lock.lines().count() })
}

pub const DOCKERFILE: &str = "FROM python:3.12-slim\n\
    RUN apt-get update && apt-get install -y --no-install-recommends libpq5 && rm -rf /var/lib/apt/lists/*\n\
    RUN pip install --no-cache-dir uv\n\
    WORKDIR /srv\n\
    COPY . .\n\
    RUN uv sync --frozen --no-dev\n\
    ENV PATH=/srv/.venv/bin:$PATH\n\
    CMD [\"uvicorn\", \"app.main:app\", \"--host\", \"0.0.0.0\"]\n";

fn pyproject() -> String {
    let mut text =
        "[project]\nname = \"service\"\nversion = \"1.0.0\"\nrequires-python = \">=3.12\"\ndependencies = [\n"
            .to_owned();
    for name in DIRECT {
        let _ = writeln!(text, "    \"{name}>=1\",");
    }
    text + "]\n\n[dependency-groups]\ndev = [\"pytest>=8\"]\n"
}

fn source(dice: &mut Dice, number: usize) -> String {
    let mut text = format!(
        "\"\"\"What happens to {}s in area {}.\"\"\"\n\nfrom __future__ import annotations\n\n",
        noun(number),
        number % 10
    );
    for _ in 0..4 {
        let _ = writeln!(text, "import {}", dice.of(&STANDARD));
    }
    for _ in 0..3 {
        let _ = writeln!(text, "from {} import {}", dice.of(&MODULES), title(dice.of(&NOUNS)));
    }
    let (other, package) = (dice.below(SOURCES), dice.below(SOURCES / SOURCES_IN_PACKAGE));
    let _ = writeln!(text, "from app.area{}.{}{package} import {}_{other}\n", package % 10, noun(package), noun(other));
    let _ = writeln!(text, "logger = logging.getLogger(__name__)\n\n\nclass {}Service{number}:", title(noun(number)));
    while text.lines().count() < LINES {
        let (verb, noun, other) = (dice.of(&VERBS), dice.of(&NOUNS), dice.of(&NOUNS));
        let limit = dice.below(500);
        let _ = write!(
            text,
            "    async def {verb}_{noun}_{limit}(self, {noun}_id: uuid.UUID, *, limit: int = {limit}) -> list[{}]:\n        \
             \"\"\"{} the {noun} of a {other}, at most `limit` of them.\n\n        Raises an error when the {other} is gone.\n        \"\"\"\n        \
             query = select({}).where({}.{other}_id == {noun}_id).limit(limit)\n        \
             async with self.session() as session:\n            rows = (await session.execute(query)).scalars().all()\n        \
             # Old rows have no {other}, so they are left out.\n        \
             found = [row for row in rows if row.{other} is not None and row.state in (\"open\", \"{verb}ed\")]\n        \
             logger.info(\"{verb}_{noun}\", extra={{\"count\": len(found), \"{noun}\": str({noun}_id)}})\n        \
             if not found:\n            raise {}Missing(f\"no {noun} for {{{noun}_id}} in {{self.name!r}}\")\n        \
             return sorted(found, key=lambda row: row.created_at)[: self.settings.get(\"{noun}-limit\", {limit})]\n\n",
            title(noun),
            title(verb),
            title(noun),
            title(noun),
            title(other)
        );
    }
    text
}

/// A `uv.lock`: what is asked for, what that needs, and more.
fn lock(dice: &mut Dice) -> String {
    let mut text = "version = 1\nrevision = 2\nrequires-python = \">=3.12\"\n\n".to_owned();
    let mut names: Vec<String> = DIRECT.iter().map(|name| (*name).to_owned()).collect();
    names.extend(["torch", "transformers", "uvicorn", "pytest"].map(str::to_owned));
    names.extend((0..PACKAGES).map(|number| format!("{}-{}-{number}", noun(number), dice.of(&VERBS))));
    let mut packages = String::from(
        "[[package]]\nname = \"service\"\nversion = \"1.0.0\"\nsource = { virtual = \".\" }\ndependencies = [\n",
    );
    for name in DIRECT {
        let _ = writeln!(packages, "    {{ name = \"{name}\" }},");
    }
    packages.push_str("]\n\n[package.dev-dependencies]\ndev = [\n    { name = \"pytest\" },\n]\n\n[package.metadata]\nrequires-dist = [\n");
    for name in DIRECT {
        let _ = writeln!(packages, "    {{ name = \"{name}\", specifier = \">=1\" }},");
    }
    packages.push_str("]\n\n[package.metadata.requires-dev]\ndev = [{ name = \"pytest\", specifier = \">=8\" }]\n\n");
    for (name, version) in names.iter().zip(8..) {
        let module = name.replace('-', "_");
        let _ = writeln!(
            packages,
            "[[package]]\nname = \"{name}\"\nversion = \"{version}.1\"\nsource = {{ registry = \"https://example.invalid/simple\" }}"
        );
        let below: Vec<&String> = match name.as_str() {
            "sentence-transformers" => {
                names.iter().filter(|other| ["torch", "transformers"].contains(&other.as_str())).collect()
            }
            _ => (0..dice.below(4))
                .filter_map(|_| names.get(version + dice.below(40)))
                .filter(|other| other.contains(|c: char| c.is_ascii_digit()))
                .collect(),
        };
        if !below.is_empty() {
            packages.push_str("dependencies = [\n");
            for other in below {
                let _ = writeln!(packages, "    {{ name = \"{other}\" }},");
            }
            packages.push_str("]\n");
        }
        let _ = writeln!(
            packages,
            "sdist = {{ url = \"https://example.invalid/{module}-{version}.1.tar.gz\", hash = \"sha256:{}\", size = {} }}\nwheels = [",
            dice.hash(),
            1000 + dice.below(900_000)
        );
        for python in ["cp310", "cp311", "cp312", "cp313"] {
            for platform in [
                "macosx_11_0_arm64",
                "manylinux_2_17_aarch64",
                "manylinux_2_17_x86_64",
                "musllinux_1_2_x86_64",
                "win_amd64",
            ] {
                let _ = writeln!(
                    packages,
                    "    {{ url = \"https://example.invalid/{module}-{version}.1-{python}-{python}-{platform}.whl\", hash = \"sha256:{}\", size = {} }},",
                    dice.hash(),
                    1000 + dice.below(5_000_000)
                );
            }
        }
        packages.push_str("]\n\n");
    }
    text.push_str(&packages);
    text
}

fn noun(number: usize) -> &'static str {
    NOUNS.get(number % NOUNS.len()).copied().unwrap_or_default()
}

fn title(word: &str) -> String {
    word.get(..1).unwrap_or_default().to_uppercase() + word.get(1..).unwrap_or_default()
}

/// Numbers that look like chance and are always the same (Knuth's linear congruential generator).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }

    fn of<'w>(&mut self, words: &[&'w str]) -> &'w str {
        words.get(self.below(words.len())).copied().unwrap_or_default()
    }

    fn hash(&mut self) -> String {
        (0..8).fold(String::new(), |mut hash, _| {
            let _ = write!(hash, "{:08x}", self.below(1 << 31));
            hash
        })
    }
}
