use crate::facts::python::{Build, ClosureBasis, InstallClosure};
use crate::facts::testing::with_facts;
use crate::python::PackageName;
use crate::python::closure::Part;

const PYPROJECT: &str = "[project]\nname = 'app'\nversion = '1'\nrequires-python = '>=3.11'\ndependencies = ['requests']\n\
    [project.optional-dependencies]\nml = ['sentence-transformers']\n[dependency-groups]\ndev = ['pytest']\n";
const UV_LOCK: &str = "version = 1\n[[package]]\nname = \"app\"\nversion = \"1\"\nsource = { editable = \".\" }\n\
    dependencies = [{ name = \"requests\" }]\n[package.optional-dependencies]\nml = [{ name = \"sentence-transformers\" }]\n\
    [package.dev-dependencies]\ndev = [{ name = \"pytest\" }]\n\
    [[package]]\nname = \"requests\"\nversion = \"2.32.0\"\n\
    wheels = [{ url = \"https://example.invalid/requests-2.32.0-py3-none-any.whl\", size = 64000 }]\n\
    [[package]]\nname = \"sentence-transformers\"\nversion = \"5.0\"\ndependencies = [{ name = \"torch\" }]\n\
    wheels = [{ url = \"https://example.invalid/sentence_transformers-5.0-py3-none-any.whl\", size = 500000 }]\n\
    [[package]]\nname = \"torch\"\nversion = \"2.9.0\"\ndependencies = [{ name = \"nvidia-demo-cu12\", marker = \"platform_machine == 'x86_64'\" }]\n\
    wheels = [\n{ url = \"https://example.invalid/torch-2.9.0-cp311-cp311-manylinux_2_28_x86_64.whl\", size = 900000000 },\n\
    { url = \"https://example.invalid/torch-2.9.0-cp311-cp311-manylinux_2_28_aarch64.whl\", size = 100000000 },\n]\n\
    [[package]]\nname = \"nvidia-demo-cu12\"\nversion = \"9\"\n\
    wheels = [{ url = \"https://example.invalid/nvidia_demo_cu12-9-py3-none-manylinux_2_27_x86_64.whl\" }]\n\
    [[package]]\nname = \"pytest\"\nversion = \"8\"\n";

fn dockerfile(command: &str) -> String {
    format!("FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nRUN {command}\n")
}

fn names(closure: &InstallClosure) -> String {
    let kept = closure.packages.iter().filter(|package| !package.left_out);
    let mut names: Vec<&str> = kept.map(|package| package.name.as_str()).collect();
    names.sort_unstable();
    names.join(" ")
}

/// The closure of the last install of `command`.
fn closure<T>(command: &str, files: &[(&str, &str)], look: impl FnOnce(&InstallClosure) -> T) -> T {
    with_facts(&dockerfile(command), files, |facts| look(&facts.closure(facts.python_installs().last().unwrap())))
}

#[test]
fn the_command_line_decides_what_of_a_lock_is_installed() {
    let files = [("pyproject.toml", PYPROJECT), ("uv.lock", UV_LOCK)];
    for (command, expected) in [
        ("uv sync --frozen", "app pytest requests"),
        ("uv sync --frozen --no-dev", "app requests"),
        ("uv sync --frozen --no-dev --no-install-project", "requests"),
        ("uv sync --frozen --only-group dev --no-install-workspace", "pytest"),
        ("uv sync --no-dev --extra ml", "app nvidia-demo-cu12 requests sentence-transformers torch"),
        (
            "uv sync --no-dev --all-extras --no-install-package torch",
            "app nvidia-demo-cu12 requests sentence-transformers",
        ),
        ("uv export --no-dev --no-emit-project > /tmp/r.txt && pip install -r /tmp/r.txt", "requests"),
        // The file lists all of it, so that leaving dependencies out leaves nothing out.
        (
            "uv export --no-dev --extra ml -o r.txt && uv pip install --no-deps -r r.txt",
            "app nvidia-demo-cu12 requests sentence-transformers torch",
        ),
    ] {
        closure(command, &files, |closure| {
            assert_eq!(names(closure), expected, "{command}");
            assert_eq!(closure.basis, ClosureBasis::Lock("uv.lock".to_owned()), "{command}");
            assert!(closure.complete, "{command}: {:?}", closure.notes);
        });
    }
}

#[test]
fn chains_and_bytes_of_a_lock() {
    let files = [("pyproject.toml", PYPROJECT), ("uv.lock", UV_LOCK)];
    closure("uv sync --frozen --no-dev --extra ml", &files, |closure| {
        let torch = closure.find(&PackageName::new("torch")).next().unwrap();
        let chains = closure.chains(torch, 5);
        assert_eq!(closure.shown(&chains[0]), ["app[ml]", "sentence-transformers", "torch"]);
        let bytes = closure.packages[torch].bytes;
        assert_eq!((bytes.wheel, bytes.exact), (Some(900_000_000), true));
        assert!(bytes.installed.is_some_and(|installed| installed > 1_700_000_000));
        let demo = closure.find(&PackageName::new("nvidia-demo-cu12")).next().unwrap();
        assert_eq!(closure.packages[demo].bytes.wheel, None, "a size that is not told is not 0");
        let lost = closure.lost_without(|package| package.name.as_str() == "sentence-transformers");
        assert_eq!(lost.len(), 3);
        assert_eq!(closure.lost_without_part(&Part::Extra(PackageName::new("ml"))), lost);
        let (all, sum) = (closure.total(), closure.bytes(&lost));
        assert_eq!((all.packages, sum.packages, sum.unknown, sum.exact), (4, 3, 1, 2));
        assert!(sum.on_disk(true) > sum.on_disk(false) && all.installed > sum.installed);
    });
    let arm = "FROM --platform=linux/arm64 python:3.11-slim\nWORKDIR /app\nCOPY . .\nRUN uv sync --frozen --no-dev --extra ml\n";
    with_facts(arm, &files, |facts| {
        let closure = facts.closure(&facts.python_installs()[0]);
        assert_eq!(names(&closure), "app requests sentence-transformers torch");
        let torch = closure.find(&PackageName::new("torch")).next().unwrap();
        assert_eq!(closure.packages[torch].bytes.wheel, Some(100_000_000));
    });
}

#[test]
fn what_stands_beside_an_export_is_added() {
    let files = [("pyproject.toml", PYPROJECT), ("uv.lock", UV_LOCK)];
    let command = "uv export --no-dev --no-emit-project > r.txt && pip install -r r.txt sentence-transformers requests";
    closure(command, &files, |closure| {
        assert!(names(closure).contains("sentence-transformers torch"), "{}", names(closure));
        assert!(!closure.complete && matches!(closure.basis, ClosureBasis::Lock(_)));
        let requests: Vec<usize> = closure.find(&PackageName::new("requests")).collect();
        assert_eq!((requests.len(), closure.packages[requests[0]].version.as_deref()), (1, Some("2.32.0")));
        assert_eq!(closure.chains(requests[0], 9).len(), 2, "the project's and its own");
    });
}

#[test]
fn a_lock_that_the_build_writes_anew_is_told() {
    let files = [("pyproject.toml", PYPROJECT), ("uv.lock", UV_LOCK)];
    closure("rm uv.lock && uv lock && uv sync --no-dev", &files, |closure| {
        assert_eq!(names(closure), "app requests");
        assert!(!closure.complete && closure.notes.is_empty(), "{:?}", closure.notes);
    });
}

#[test]
fn a_lock_that_lacks_the_project_tells_nothing() {
    let pointer = "version https://git-lfs.example.invalid/spec/v1\noid sha256:0\nsize 1234\n";
    let files = [("pyproject.toml", PYPROJECT), ("uv.lock", pointer)];
    closure("uv sync --no-dev", &files, |closure| assert_eq!(closure.basis, ClosureBasis::Catalogue));
}

#[test]
fn a_manifest_may_leave_one_python_only() {
    for (versions, expected) in
        [("==3.12.*", Some((3, 12))), (">=3.11,<3.12", Some((3, 11))), (">=3.11", None), ("three", None)]
    {
        let manifest = PYPROJECT.replace(">=3.11", versions);
        let files = [("pyproject.toml", manifest.as_str()), ("uv.lock", UV_LOCK)];
        with_facts("FROM debian:12\nWORKDIR /app\nCOPY . .\nRUN uv sync\n", &files, |facts| {
            assert_eq!(facts.python_installs()[0].platform.python, expected, "{versions}");
        });
    }
}

#[test]
fn poetry_begins_at_the_manifest() {
    let manifest = "[tool.poetry]\nname = 'app'\n[tool.poetry.dependencies]\npython = '^3.11'\nserver = {version = '^1', extras = ['fast']}\n\
        viz = {version = '*', optional = true}\n[tool.poetry.extras]\npictures = ['viz']\n[tool.poetry.group.dev.dependencies]\ntests = '*'\n";
    let lock = "[[package]]\nname = \"server\"\nversion = \"1.2\"\n[package.dependencies]\nloop = {version = \"*\", optional = true}\n\
        [package.extras]\nfast = [\"loop\"]\n[[package]]\nname = \"loop\"\nversion = \"1\"\n[[package]]\nname = \"viz\"\nversion = \"1\"\noptional = true\n\
        [[package]]\nname = \"tests\"\nversion = \"1\"\n[metadata]\nlock-version = \"2.0\"\n";
    let files = [("pyproject.toml", manifest), ("poetry.lock", lock)];
    for (command, expected) in [
        ("poetry install --only main --no-root", "loop server"),
        ("poetry install --no-root", "loop server tests"),
        ("poetry install --no-root --without dev --all-extras", "loop server viz"),
        ("poetry install --only main -E pictures", "loop server viz"),
        ("poetry export -o r.txt && pip install -r r.txt", "loop server"),
    ] {
        closure(command, &files, |closure| {
            assert_eq!(names(closure), expected, "{command}");
            assert!(closure.complete, "{command}: {:?}", closure.notes);
        });
    }
    closure("poetry install --only main", &files, |closure| {
        let place = closure.find(&PackageName::new("loop")).next().unwrap();
        assert_eq!(closure.shown(&closure.chains(place, 1)[0]), ["server[fast]", "loop"]);
    });
}

#[test]
fn compiled_requirements_tell_their_own_graph() {
    let text = "demo==1.0\n    # via -r requirements.in\nidna==3.7\n    # via requests\nrequests[socks]==2.32.0\n    # via\n    #   -r requirements.in\n    #   demo\n";
    closure("pip install -r requirements.txt", &[("requirements.txt", text)], |closure| {
        assert_eq!(closure.basis, ClosureBasis::Compiled(vec!["requirements.txt".to_owned()]));
        assert!(closure.complete);
        let idna = closure.find(&PackageName::new("idna")).next().unwrap();
        let chains: Vec<_> = closure.chains(idna, 5).iter().map(|chain| closure.shown(chain).join(" > ")).collect();
        assert_eq!(chains, ["requests > idna", "demo > requests > idna"]);
        assert_eq!(closure.packages[idna].version.as_deref(), Some("3.7"));
        assert!(closure.packages[idna].bytes.installed.is_some(), "measured");
        assert_eq!(closure.total().unknown, 1, "demo");
    });
    let mixed = "demo==1.0\n    # via -r requirements.in\nidna==3.7\n    # via demo\nloose>=1\n";
    closure("pip install -r requirements.txt", &[("requirements.txt", mixed)], |closure| {
        assert_eq!(closure.basis, ClosureBasis::Catalogue);
    });
}

#[test]
fn without_a_lock_the_catalogue_stands_in() {
    closure("pip install sentence-transformers flask", &[], |closure| {
        assert_eq!((&closure.basis, closure.complete), (&ClosureBasis::Catalogue, false));
        let torch = closure.find(&PackageName::new("torch")).next().unwrap();
        assert_eq!(closure.shown(&closure.chains(torch, 1)[0]), ["sentence-transformers", "torch"]);
        let total = closure.total();
        assert!(total.installed > 5_000_000_000 && total.unknown > 0, "{total:?}");
    });
    closure("pip install --no-deps sentence-transformers", &[], |closure| {
        assert_eq!(names(closure), "sentence-transformers");
    });
}

#[test]
fn pipenv_follows_its_lock() {
    let pipfile = "[packages]\ntorch = '*'\n[dev-packages]\npytest = '*'\n";
    let lock = r#"{"_meta": {}, "default": {"torch": {"version": "==2.9.0+cpu"}, "filelock": {"version": "==3"}}, "develop": {"pytest": {"version": "==8"}}}"#;
    let files = [("Pipfile", pipfile), ("Pipfile.lock", lock)];
    closure("pipenv sync", &files, |closure| assert_eq!(names(closure), "filelock torch"));
    closure("pipenv install --deploy --dev", &files, |closure| assert_eq!(names(closure), "filelock pytest torch"));
    with_facts(&dockerfile("pipenv sync"), &files, |facts| {
        assert!(matches!(facts.torch_installs()[0].build, Build::Cpu(_)));
    });
}
