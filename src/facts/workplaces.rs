//! Images in which people work, and images that compile when they run.

use crate::catalogue::{self, Distribution, SystemPackageKind};
use crate::dockerfile::{Arguments, Keyword};

use super::callers::{Form, UseSigns, has_command};
use super::paths::{bare, file_name};
use super::python::PythonInstall;
use super::{Facts, Guard, Invocation, StageFacts, SystemInstall};

/// Packages of desktops and of ways into a container.
const DESKTOPS: [&str; 14] = [
    "openssh-server",
    "xfce4*",
    "novnc",
    "tigervnc*",
    "x11vnc",
    "xserver-xorg*",
    "xrdp",
    "ubuntu-desktop*",
    "lxde*",
    "lxqt*",
    "kde*",
    "gnome*",
    "code-server",
    "rstudio-server",
];
/// Without a program they wait for one to be typed.
const INTERPRETERS: [&str; 8] = ["python", "python3", "ipython", "node", "irb", "pry", "iex", "perl"];
/// Packages that only images have which build packages, firmware or programs for others, or whose programs compile by themselves:
/// Perl's `Inline::C`, `dkms`.
const BUILDERS: [&str; 25] = [
    "abuild",
    "akmods",
    "bitbake",
    "ccache",
    "devscripts",
    "dh-python",
    "dh-virtualenv",
    "distcc",
    "dkms",
    "dpkg-sig",
    "equivs",
    "fakeroot",
    "icecc",
    "libinline-c-perl",
    "mock",
    "pbuilder",
    "r-base-dev",
    "reprepro",
    "rpm-build",
    "rpmbuild",
    "rpmdevtools",
    "sbuild",
    "sccache",
    "scons",
    "gperf",
];
/// Starts of images in which people open notebooks.
const NOTEBOOKS: [&str; 6] =
    ["jupyter", "jupyter-lab", "jupyter-notebook", "jupyterlab", "jupyterhub", "start-notebook.sh"];
/// Starts of other images in which people install and compile.
const WORKBENCHES: [&str; 8] = ["code-server", "R", "rstudio", "rstudio-server", "sshd", "ttyd", "vagrant", "distccd"];
/// Whether a line of a script starts a server of notebooks: `exec jupyter lab "$@"`.
fn starts_a_notebook(line: &str) -> bool {
    let mut words = line.split_whitespace().skip_while(|word| *word == "exec" || word.contains('='));
    words.next().is_some_and(|word| file_name(word).starts_with("jupyter") || file_name(word) == "start-notebook.sh")
}

/// Agents that write and try programs, by what installs them.
const CODING_AGENTS: [&str; 9] = [
    "@anthropic-ai/claude-code",
    "@charmland/crush",
    "@google/gemini-cli",
    "@openai/codex",
    "@sourcegraph/amp",
    "claude.ai/install.sh",
    "cursor.com/install",
    "opencode-ai",
    "opencode.ai/install",
];
/// What a start script calls to compile.
const COMPILERS: [&str; 10] = ["make", "gcc", "g++", "cc", "clang", "cmake", "dkms", "cargo", "rustc", "go build"];

impl Facts<'_> {
    /// Whether people or agents work in the image: it has a desktop or an SSH server, it starts a notebook, or an agent that writes programs
    /// is installed, which calls what it finds.
    #[must_use]
    pub fn is_workplace(&self, image: &StageFacts, installs: &[SystemInstall<'_>]) -> bool {
        installs.iter().any(|install| catalogue::is_one_of(install.name, &DESKTOPS))
            || self.starts_a_workbench(image)
            || self.lets_people_in(image)
            || self.installs_a_coding_agent(image)
    }

    /// Whether a step installs an agent that writes and tries programs: `npm install -g @openai/codex@latest`,
    /// `curl -fsSL https://claude.ai/install.sh | bash`.
    fn installs_a_coding_agent(&self, image: &StageFacts) -> bool {
        let mut commands = self.chain(image).flat_map(|stage| &stage.runs).flat_map(|run| &run.invocations);
        let is_agent = |word: &str| {
            let address = word.split_once("://").map(|(_, rest)| rest.trim_end_matches('/'));
            let name = word.rfind('@').filter(|at| *at > 0).map_or(word, |at| word.get(..at).unwrap_or(word));
            CODING_AGENTS.iter().any(|agent| *agent == name || address == Some(agent))
        };
        commands.any(|command| command.arguments.iter().any(|argument| is_agent(argument.value.text())))
    }

    /// Whether the image lets people in over the network, `COPY id.pub /root/.ssh/authorized_keys`, or lets those who are in it install.
    fn lets_people_in(&self, image: &StageFacts) -> bool {
        let installs = |text: &str| {
            text.contains("sudoers")
                && ["/apt-get", "/apt ", "/pip", "/dnf", "/apk"].iter().any(|tool| text.contains(tool))
        };
        self.texts_of_image(image).any(|text| text.contains(".ssh/authorized_keys") || installs(text))
    }

    /// The instructions that an image is made of, as they are written.
    pub fn texts_of_image<'f>(&'f self, image: &'f StageFacts) -> impl Iterator<Item = &'f str> {
        let chain = std::iter::once(image).chain(self.ancestors(image));
        let numbers = chain.filter_map(|stage| self.dockerfile.stages.get(stage.index));
        let instructions = numbers.flat_map(|stage| stage.instructions.clone());
        instructions.filter_map(|number| {
            let instruction = self.dockerfile.instructions.get(number)?;
            Some(instruction.range.slice(self.source.text()))
        })
    }

    /// Whether what the image starts lets people install and compile: a notebook, a shell over the network. With `jupyterlab` and
    /// `notebook` named on a command line it is one, whatever starts them.
    #[must_use]
    pub fn starts_a_workbench(&self, image: &StageFacts) -> bool {
        let chain = std::iter::once(image).chain(self.ancestors(image));
        let mut commands = chain.flat_map(|stage| &stage.runs).flat_map(|run| &run.invocations);
        commands.any(|command| names(command, "install") && names(command, "jupyterlab") && names(command, "notebook"))
            || self.starts_only_an_interpreter(image)
            || self.all_start_words(image).iter().any(|word| WORKBENCHES.contains(&file_name(word)))
            || self.serves_notebooks(image)
    }

    /// Whether the image starts a server of notebooks, in which people work with what is installed.
    #[must_use]
    pub fn serves_notebooks(&self, image: &StageFacts) -> bool {
        self.all_start_words(image).iter().any(|word| NOTEBOOKS.contains(&file_name(word)))
            || self.start_script_with(image, starts_a_notebook).is_some()
    }

    /// Whether people may open notebooks in the image: Jupyter or its kernel is installed by name, or the base brings it.
    #[must_use]
    pub fn opens_notebooks(&self, image: &StageFacts) -> bool {
        let root = self.ancestors(image).last().unwrap_or(image);
        let brings = ["nvcr.io/nvidia/", "jupyter/", "quay.io/jupyter/"];
        let chain = std::iter::once(image).chain(self.ancestors(image));
        let mut commands = chain.flat_map(|stage| &stage.runs).flat_map(|run| &run.invocations);
        brings.iter().any(|owner| root.image.repository.starts_with(owner))
            || commands.any(|command| {
                ["jupyter", "jupyterlab", "notebook", "ipykernel"].iter().any(|name| names(command, name))
            })
    }

    /// `CMD ["python3"]`
    #[must_use]
    pub fn starts_only_an_interpreter(&self, image: &StageFacts) -> bool {
        let alone = |words: &Vec<&str>| matches!(words.as_slice(), [word] if INTERPRETERS.contains(&file_name(word)));
        self.started(image).iter().any(alone)
    }

    /// Whether other images are built on this one: it tells their builds what to do, or other Dockerfiles of the repository are.
    #[must_use]
    pub fn is_made_to_build_on(&self) -> bool {
        self.others_are_built_on_it()
            || self.dockerfile.instructions.iter().any(|instruction| instruction.keyword == Keyword::Onbuild)
    }

    /// Whether a source asks `ctypes.util.find_library` for a library on Alpine, where that calls the compiler or `ld`, which take the
    /// name without a version: `django.contrib.gis` finds GDAL so. So does a package that is installed for the official Python; Alpine's
    /// own looks into the folders of libraries.
    #[must_use]
    pub fn finds_libraries_by_compiler(&self, image: &StageFacts) -> bool {
        let root = self.ancestors(image).last().unwrap_or(image);
        if root.image.distribution != Distribution::Alpine {
            return false;
        }
        let is_own = |install: &&PythonInstall| {
            install.guard != Guard::Never && self.chain(image).any(|stage| stage.index == install.stage)
        };
        let mut roots = self.python_installs().iter().filter(is_own).flat_map(|install| &install.roots);
        root.image.brings_python() && roots.any(|root| LOOK_FOR_LIBRARIES.contains(&root.requirement.name.as_str()))
            || *self.of_sources("finds libraries", || {
                let asks = |path: &String| {
                    let file = self.workspace.read(path).ok()?;
                    let text = file.text();
                    (text.contains("find_library(") || text.contains("django.contrib.gis")).then_some(())
                };
                self.first_in_sources(asks).is_some()
            })
    }

    /// Whether an image may need compilers and headers when it runs, so that they belong there: it is made for building (of
    /// packages, of images from source), it keeps a compiler for which no step of its own build has a use, or what it starts or
    /// holds compiles.
    ///
    /// `chain` is the image's stage with those that it is built on, `installs` what they install.
    #[must_use]
    pub fn may_compile(&self, image: &StageFacts, chain: &[&StageFacts], installs: &[SystemInstall<'_>]) -> bool {
        let python: Vec<&PythonInstall> =
            self.python_installs().iter().filter(|install| install.guard != Guard::Never).collect();
        if self.compiles_when_it_runs(chain)
            || self.builds_for_others(chain, installs)
            || self.compiling_package(&python).is_some()
            || self.imports_what_compiles(image)
            || self.installs_when_it_runs(image).is_some()
            || self.finds_libraries_by_compiler(image)
            || self.fetches_its_program(image)
        {
            return true;
        }
        let is_compiler = |install: &SystemInstall<'_>| {
            install.invocation.guard == Guard::Always
                && install
                    .build_tool()
                    .is_some_and(|tool| matches!(tool.kind, SystemPackageKind::Compiler | SystemPackageKind::BuildMeta))
        };
        // Go beside the compilers of other languages, where no step calls it, is there for others to build with.
        let runs = || chain.iter().flat_map(|stage| &stage.runs).flat_map(|run| &run.invocations);
        if installs.iter().any(|install| install.name.starts_with("golang"))
            && !runs().any(|invocation| matches!(invocation.program.as_str(), "go" | "make"))
        {
            return true;
        }
        // `FROM buildpack-deps`: there is no image of it without compilers.
        let base = &chain.last().unwrap_or(&image).image;
        let of_base = base.has_build_tools == Some(true) && base.slimmer.is_none();
        let kept = of_base || installs.iter().any(is_compiler);
        let compiles = || !chain.iter().any(|stage| has_build_step(stage)) || self.start_may_compile(image);
        (kept && (of_base || compiles())) || self.is_made_to_build_on()
    }

    /// Whether a script that the image starts calls a compiler, or cannot be read.
    fn start_may_compile(&self, image: &StageFacts) -> bool {
        self.all_start_words(image).iter().any(|word| {
            let word = bare(word);
            let Some(path) = self.start_script(word) else {
                return [".sh", ".bash"].iter().any(|ending| word.ends_with(ending));
            };
            self.workspace
                .read(&path)
                .map_or(true, |file| COMPILERS.iter().any(|command| has_command(file.text(), command, Form::Script)))
        })
    }

    /// Whether the image is made for building packages, firmware or other images.
    #[must_use]
    pub fn builds_for_others(&self, chain: &[&StageFacts], installs: &[SystemInstall<'_>]) -> bool {
        installs.iter().any(|install| BUILDERS.contains(&install.name)) || self.builds_from_source(chain)
    }

    /// `LABEL io.openshift.s2i.scripts-url=…`, `COPY s2i/bin /usr/libexec/s2i`: the image builds others from their sources.
    fn builds_from_source(&self, chain: &[&StageFacts]) -> bool {
        let labels = self.dockerfile.instructions.iter().filter(|instruction| instruction.keyword == Keyword::Label);
        let labelled = labels.into_iter().any(|instruction| match &instruction.arguments {
            Arguments::Pairs(pairs) => pairs.iter().any(|pair| pair.name.text.contains("s2i.scripts-url")),
            _ => instruction.body.text().contains("s2i.scripts-url"),
        });
        let named = chain.iter().any(|stage| {
            let name = file_name(&stage.image.repository);
            name.starts_with("s2i-") || stage.state.environment.get("STI_SCRIPTS_PATH").is_some()
        });
        labelled
            || named
            || chain.iter().flat_map(|stage| &stage.transfers).any(|transfer| {
                transfer.destination.text().contains("/s2i") || transfer.destination.text().contains("STI_SCRIPTS_PATH")
            })
    }
}

/// Distributions that ask `ctypes.util.find_library` for the library that they are made for: read from their sources, as of November 2026.
/// Those that also try its name with a version (`python-magic`, `cairocffi`) are none of them.
const LOOK_FOR_LIBRARIES: [&str; 11] = [
    "mpv",
    "opuslib",
    "pyenchant",
    "pyglet",
    "pylibdmtx",
    "pysodium",
    "python-mpv",
    "pyusb",
    "pyzbar",
    "sounddevice",
    "wand",
];

/// What sources hold that have kernels compiled when they run.
const KERNELS: [&str; 7] = [
    "torch.compile(",
    "torch_compile",
    "load_inline(",
    "cpp_extension",
    "pyximport",
    // Who sets torch's compiler up, or switches it off on some platforms, has seen it called.
    "torchdynamo_",
    "torchinductor_",
];

impl UseSigns {
    /// What shows that sources have kernels compiled when they run, whatever else calls a compiler by name.
    #[must_use]
    pub fn of_compiled_kernels() -> Self {
        Self { commands: Vec::new(), hints: KERNELS.map(str::to_owned).to_vec(), modules: Vec::new() }
    }

    /// What shows that something in the image compiles when it runs: calls of a compiler or of a library which calls one.
    #[must_use]
    pub fn of_compilers() -> Self {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        Self {
            commands: owned(&["gcc", "g++", "nvcc", "clang", "mpicc"]),
            hints: owned(&KERNELS),
            modules: owned(&[
                "pyximport",
                "torch.utils.cpp_extension",
                "distutils.ccompiler",
                "setuptools.command.build_ext",
                "cppyy",
                "cppimport",
            ]),
        }
    }
}

/// Whether a command names a package, at whatever version.
fn names(command: &Invocation, package: &str) -> bool {
    command.arguments.iter().any(|word| {
        let word = word.value.text().split(['=', '~', '<', '>', '[']).next().unwrap_or_default();
        word == package
    })
}

/// Whether a stage runs a step that can need a compiler: packages of a language, or a compilation.
#[must_use]
pub fn has_build_step(stage: &StageFacts) -> bool {
    stage.runs.iter().flat_map(|run| &run.invocations).any(is_build_step)
}

fn is_build_step(invocation: &Invocation) -> bool {
    let first = invocation.argument(0).unwrap_or_default();
    installs_packages(invocation)
        || match invocation.program.as_str() {
            "go" | "cargo" => first != "config",
            "make"
            | "cmake"
            | "ninja"
            | "meson"
            | "gcc"
            | "g++"
            | "cc"
            | "c++"
            | "clang"
            | "gradle"
            | "mvn"
            | "rustc"
            | "javac"
            | "docker-php-ext-install" => true,
            "python" => matches!(first, "setup.py") || first.ends_with("/setup.py"),
            _ => false,
        }
}

/// Whether a command installs packages of a language whose programs may compile or load what they find.
pub(super) fn installs_packages(invocation: &Invocation) -> bool {
    let first = invocation.argument(0).unwrap_or_default();
    match invocation.program.as_str() {
        "pip" | "pipenv" | "poetry" | "pdm" | "uv" | "pixi" | "conda" | "mamba" => invocation
            .arguments
            .iter()
            .any(|argument| matches!(argument.value.text(), "install" | "sync" | "wheel" | "add")),
        "npm" | "yarn" | "pnpm" | "gem" | "bundle" | "composer" | "mix" | "pecl" => first != "config",
        _ => false,
    }
}
