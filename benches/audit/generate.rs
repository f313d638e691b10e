//! A repository of many services that share their manifests. Always the same.

use std::fmt::Write as _;
use std::path::Path;
use std::{fs, io};

/// How many requirements files and locks the services share.
pub const MANIFESTS: usize = 500;
const SERVICES_OF_TEAM: usize = 40;

/// What a service imports, and its distribution.
const PACKAGES: [(&str, &str); 16] = [
    ("fastapi", "fastapi==0.115.0"),
    ("uvicorn", "uvicorn==0.30.6"),
    ("pandas", "pandas==2.2.3"),
    ("torch", "torch==2.5.1"),
    ("sentence_transformers", "sentence-transformers==3.2.0"),
    ("requests", "requests==2.32.3"),
    ("sqlalchemy", "sqlalchemy==2.0.36"),
    ("redis", "redis==5.1.1"),
    ("celery", "celery==5.4.0"),
    ("boto3", "boto3==1.35.40"),
    ("pydantic", "pydantic==2.9.2"),
    ("cv2", "opencv-python==4.10.0.84"),
    ("sklearn", "scikit-learn==1.5.2"),
    ("httpx", "httpx==0.27.2"),
    ("jinja2", "jinja2==3.1.4"),
    ("numpy", "numpy==2.1.2"),
];

/// Writes a repository of `services` services into `folder`.
pub fn repository(folder: &Path, services: usize) -> io::Result<()> {
    fs::create_dir_all(folder.join(".git"))?;
    fs::create_dir_all(folder.join("shared"))?;
    fs::write(folder.join(".dockerignore"), ".git\n**/__pycache__\n")?;
    for manifest in 0..MANIFESTS {
        fs::write(folder.join(format!("shared/requirements-{manifest}.txt")), requirements(manifest))?;
    }
    for service in 0..services {
        let path = format!("services/team{}/service{service}", service / SERVICES_OF_TEAM);
        let own = folder.join(&path);
        fs::create_dir_all(&own)?;
        fs::write(own.join("Dockerfile"), dockerfile(&path, service))?;
        fs::write(own.join("app.py"), program(service))?;
    }
    Ok(())
}

/// Packages of a manifest; one of them no program imports.
fn packages(manifest: usize) -> impl Iterator<Item = (&'static str, &'static str)> {
    (0..3 + manifest % 5).filter_map(move |index| PACKAGES.get((manifest * 7 + index * 5) % PACKAGES.len()).copied())
}

fn requirements(manifest: usize) -> String {
    packages(manifest).fold(String::new(), |mut text, (_, package)| {
        let _ = writeln!(text, "{package}");
        text
    })
}

fn program(service: usize) -> String {
    let mut text = format!("\"\"\"Service {service}.\"\"\"\n\nimport logging\n");
    for (module, _) in packages(service % MANIFESTS).skip(1) {
        let _ = writeln!(text, "import {module}");
    }
    let _ = writeln!(text, "\nlogging.getLogger(__name__).info(\"service {service} is up\")");
    text
}

fn dockerfile(path: &str, service: usize) -> String {
    let manifest = service % MANIFESTS;
    let base = if service.is_multiple_of(4) { "python:3.12" } else { "python:3.12-slim" };
    let system = match service % 3 {
        0 => "RUN apt-get update && apt-get install -y build-essential curl\n",
        1 => "RUN apt-get update && apt-get install -y --no-install-recommends libpq5 && rm -rf /var/lib/apt/lists/*\n",
        _ => "",
    };
    let flag = if service.is_multiple_of(5) { "" } else { "--no-cache-dir " };
    format!(
        "FROM {base}\n{system}WORKDIR /srv\nCOPY shared/requirements-{manifest}.txt requirements.txt\n\
         RUN pip install {flag}-r requirements.txt\nCOPY {path}/ ./\nUSER 1000\nCMD [\"python\", \"app.py\"]\n"
    )
}
