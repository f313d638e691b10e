//! Compilers and build tools stay in an image that only runs things.

mod java;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::catalogue::{self, Distribution, Gpu, SystemPackageKind};
use crate::diagnostic::{Basis, Component, Saving, Savings, Severity};
use crate::facts::commands::removal;
use crate::facts::python::{PythonInstall, Tool};
use crate::facts::{
    Base, ContainerCall, Facts, Guard, Invocation, Refusal, Run, Seen, Split, StageFacts, SystemInstall, SystemRemoval,
    UseSigns, has_build_step,
};
use crate::rules::multistage::{self, WORTH_A_STAGE};
use crate::rules::packages::bytes_kept;
use crate::rules::phrase::{LATE_REMOVAL, listed_up_to, with_installs};
use crate::rules::reporter::Finding;
use crate::rules::{Check, Reporter};
use crate::text::TextRange;

pub(in crate::rules) const CHECK: Check = Check::Service(check);

/// Below this a tool alone is not worth a change.
const WEIGHTY: u64 = 20_000_000;
/// Names that a sentence lists before it counts.
const LISTED: usize = 3;
/// The same for libraries.
const LIBRARIES_LISTED: usize = 6;

/// Tools of one command that stay in images.
#[derive(Default)]
struct Kept<'f> {
    tools: Vec<SystemInstall<'f>>,
    /// A stage built on the one that installs, which is shipped.
    heir: Option<String>,
    /// A step of such a stage that calls one of the tools: the stage's name, and the command.
    called: Option<(String, &'f str)>,
    /// Whether one of the images is made for a GPU.
    gpu: bool,
    /// What needs Java when one of the images runs, in words.
    java: Option<String>,
    /// A package that has pip install what a model lists each time that one of the images starts.
    installer: Option<&'static str>,
    /// The word of a package that recommends compilers, so that they come back with it.
    recommends: Option<(TextRange, &'f str)>,
}

fn check(facts: &Facts<'_>, reporter: &mut Reporter<'_>) {
    // One install can be inherited by several final images: it is one finding, at the command that installs.
    let mut found: BTreeMap<TextRange, Kept<'_>> = BTreeMap::new();
    for image in facts.finals().filter(|image| facts.is_runtime_image(image)) {
        let chain: Vec<&StageFacts> = std::iter::once(image).chain(facts.ancestors(image)).collect();
        report_kit(facts, image, &chain, reporter);
        if !chain.iter().any(|stage| has_build_step(stage))
            || facts.compiles_when_it_runs(&chain)
            || facts.asks_for_compiling(&chain)
            || facts.imports_what_compiles(image)
        {
            continue;
        }
        let installs = facts.installs_of_image(image);
        let has_tools =
            installs.iter().any(|install| is_weighty(install) && serves_the_build(&chain, &installs, install));
        if !has_tools
            || facts.is_workplace(image, &installs)
            || facts.builds_for_others(&chain, &installs)
            || facts.installs_when_it_runs(image).is_some()
            || facts.finds_libraries_by_compiler(image)
            || facts.is_made_to_build_on()
            || facts.fetches_its_program(image)
        {
            continue;
        }
        let recommends = facts.recommends_compilers(image);
        let java = chain.iter().any(|stage| builds_java(stage));
        for stage in chain.into_iter().filter(|stage| facts.knows_base(stage)) {
            for install in stage.runs.iter().flat_map(|run| facts.system_installs(stage, run)) {
                let is_jdk = install.name.contains("jdk");
                // What the base image has is for `full-base-image` and `devel-base-image` to tell.
                let told = facts.base_brings(stage, install.name);
                let is_tool = install.build_tool().is_some();
                // A branch of a script that takes arguments may be another image's.
                let invocation = install.invocation;
                let is_open = invocation.guard != Guard::Always && invocation.script().is_some();
                // `docker compose run web make test`
                let is_called = install.name == "make" && facts.is_called_from_outside("make");
                let is_meant =
                    is_open || is_called || facts.is_said_to_serve_at_start(&install) || facts.is_kept_apart(&install);
                if !is_tool || (is_jdk && !java) || told || is_meant {
                    continue;
                }
                let kept = found.entry(install.invocation.range).or_default();
                if let Some(other) = recommends.as_ref().filter(|_| install.family == Distribution::Debian) {
                    kept.recommends = Some((other.argument.range, other.name));
                }
                kept.gpu |= matches!(image.image.gpu, Gpu::Cuda | Gpu::Rocm) || facts.gpu_evidence().needs_gpu();
                if java::builds(&install) {
                    kept.java = kept.java.take().or_else(|| facts.starts_java(image));
                }
                kept.installer = kept.installer.or_else(|| facts.serves_with_installs(image));
                if stage.index != image.index {
                    // The last stage is what is built when none is named.
                    kept.heir = image.name.clone().or_else(|| kept.heir.take());
                    let commands = install.build_tool().map_or(&[][..], |tool| tool.commands);
                    let above = std::iter::once(image).chain(facts.ancestors(image));
                    let above = above.take_while(|other| other.index != stage.index);
                    let call = above.into_iter().find_map(|other| {
                        let mut programs =
                            other.runs.iter().flat_map(|run| &run.invocations).map(|it| it.program.as_str());
                        let program = programs.find(|program| commands.contains(program))?;
                        Some((other.name.clone().unwrap_or_else(|| other.index.to_string()), program))
                    });
                    kept.called = kept.called.take().or(call);
                }
                if !kept.tools.iter().any(|other| other.name == install.name) {
                    kept.tools.push(install);
                }
            }
        }
    }
    if found.values().any(|kept| kept.tools.iter().any(|tool| tool.name == "binutils")) && looks_into_files(facts) {
        for kept in found.values_mut() {
            kept.tools.retain(|tool| tool.name != "binutils");
        }
    }
    // `binutils` beside a compiler that stays anyway is not.
    let weighs =
        |tool: &SystemInstall<'_>| is_weighty(tool) && own_bytes(facts, tool).is_none_or(|bytes| bytes >= WEIGHTY);
    let found: Vec<_> = found.into_iter().filter(|(_, kept)| kept.tools.iter().any(weighs)).collect();
    // `torch.compile` calls a C++ compiler on a CPU, too.
    let kernels =
        || facts.uses_of(&[UseSigns::of_compiled_kernels()], Seen::WhenRunning).into_iter().any(|used| used.is_some());
    if !found.is_empty() && !facts.torch_installs().is_empty() && kernels() {
        return;
    }
    // One rewrite takes all of them out.
    let mut split = (!found.is_empty()).then(|| facts.split());
    for (range, kept) in found {
        report(facts, range, &kept, split.take(), reporter);
    }
}

/// Whether the program looks into files with what comes with the assembler and the linker: `subprocess.run(["strings", path])`.
fn looks_into_files(facts: &Facts<'_>) -> bool {
    let commands = ["strings", "objdump", "readelf", "nm", "objcopy", "addr2line", "c++filt"];
    let wanted = UseSigns { commands: commands.map(str::to_owned).to_vec(), ..UseSigns::default() };
    facts.uses_of(&[wanted], Seen::WhenRunning).into_iter().any(|used| used.is_some())
}

/// A compiled language whose kit (compiler, package cache, sources) builds in the stage that is shipped, where only the result is
/// needed: `RUN dotnet publish`, then `ENTRYPOINT ["dotnet", "app.dll"]`.
fn report_kit(facts: &Facts<'_>, image: &StageFacts, chain: &[&StageFacts], reporter: &mut Reporter<'_>) {
    if facts.starts_with(image, &["go", "cargo", "mvn", "mvnw", "gradle", "gradlew"])
        || facts.starts_with_words(image, &["dotnet", "run"])
    {
        return;
    }
    let builds = |invocation: &&Invocation| invocation.guard > Guard::Elsewhere && invocation.script().is_none();
    let Some((invocation, kit)) = chain.iter().flat_map(|stage| &stage.runs).find_map(|run| {
        let mut building = run.invocations.iter().filter(builds);
        let (invocation, kit) = building.find_map(|invocation| Some((invocation, kit(invocation)?)))?;
        (!removes_kit(run, &invocation.program)).then_some((invocation, kit))
    }) else {
        return;
    };
    // `ONBUILD RUN mvn verify` builds other images, `exec mvn test` in the start script builds in this one. Asked last, since it takes
    // looking through the sources.
    if facts.installs_when_it_runs(image).is_some() || facts.is_made_to_build_on() {
        return;
    }
    // `docker compose exec app go test ./...`
    let is_called = |call: &ContainerCall| call.words.first().is_some_and(|word| *word == invocation.program);
    if facts.container_calls().iter().any(is_called) {
        return;
    }
    let command = invocation.argument(0).map_or_else(String::new, |word| format!(" {word}"));
    let mut finding = reporter.report(
        invocation.range,
        format!(
            "{kit} stays in the runtime image: `{}{command}` runs in the stage that is shipped",
            invocation.program
        ),
    );
    if let Base::Image(reference) = &chain.last().unwrap_or(&image).base
        && let Some(reference) = reference.known()
    {
        finding.note("base", reference);
    }
    finding.help("build in a stage of its own and copy the result, with the files that it reads, into a runtime image");
}

fn kit(invocation: &Invocation) -> Option<&'static str> {
    let words: Vec<&str> = invocation.arguments.iter().filter_map(|argument| argument.value.known()).collect();
    let has = |wanted: &[&str]| words.iter().any(|word| wanted.contains(word));
    match invocation.program.as_str() {
        "dotnet" if has(&["publish", "build"]) => Some("the .NET SDK"),
        "gradle" | "gradlew" if !has(&["--version"]) => Some("the JDK with Gradle's cache"),
        "mvn" | "mvnw" if has(&["package", "install", "verify", "compile"]) => Some("the JDK with Maven's repository"),
        "go" if has(&["build"]) => Some("the Go toolchain"),
        "cargo" if has(&["build"]) => Some("the Rust toolchain"),
        _ => None,
    }
}

/// Whether the `RUN` that compiles takes the kit out again: `apk del go`, `rm -rf /usr/local/go`, `rustup self uninstall`.
fn removes_kit(run: &Run, program: &str) -> bool {
    let (stems, folders): (&[&str], &[&str]) = match program {
        "go" => (&["go", "golang"], &["/usr/local/go"]),
        "cargo" => {
            (&["cargo", "rust", "rustup"], &["/root/.cargo", "/root/.rustup", "/usr/local/cargo", "/usr/local/rustup"])
        }
        "mvn" => (&["maven"], &[]),
        "gradle" => (&["gradle"], &[]),
        "dotnet" => (&["dotnet"], &["/usr/share/dotnet", "/usr/lib/dotnet"]),
        _ => return false,
    };
    run.invocations.iter().any(|invocation| {
        let is_named = |name: &str| stems.iter().any(|stem| name == *stem || name.starts_with(&format!("{stem}-")));
        SystemRemoval::read(invocation).is_some_and(|removal| removal.names.iter().any(|name| is_named(name)))
            || removal(invocation).is_some_and(|removal| folders.iter().any(|folder| removal.covers(folder)))
            || (program == "cargo" && invocation.program == "rustup" && invocation.has_argument("uninstall"))
    })
}

fn report(
    facts: &Facts<'_>,
    range: TextRange,
    kept: &Kept<'_>,
    split: Option<Result<Split, Refusal>>,
    reporter: &mut Reporter<'_>,
) {
    let tools = kept.tools.as_slice();
    let names: Vec<String> = tools.iter().map(|tool| format!("`{}`", tool.name)).collect();
    let verb = if names.len() == 1 { "stays" } else { "stay" };
    let primary = tools.first().map_or(range, |tool| tool.argument.range);
    let mut finding = reporter.report(primary, format!("{} {verb} in the runtime image", listed_up_to(&names, LISTED)));
    if let Some(purpose) = tools.first().and_then(SystemInstall::build_tool) {
        finding.primary_label(purpose.purpose);
    }
    for tool in tools.iter().skip(1).filter(|tool| tool.argument.range != primary) {
        let purpose = tool.build_tool().map(|entry| entry.purpose).unwrap_or_default();
        finding.label(tool.argument.range, purpose);
    }
    if let Some(script) = tools.first().and_then(|tool| tool.invocation.script()) {
        finding.note("script", format!("the command stands in `{script}`"));
    }
    if kept.gpu {
        finding.severity(Severity::Info);
        finding.note("gpu", "an image for a GPU may compile kernels when it runs (Triton, `torch.compile`): look before you take them out");
    }
    if let Some(package) = kept.installer {
        finding.severity(Severity::Info);
        finding.note("start", with_installs(package));
    }
    if let Some(range) = tools.iter().find_map(|tool| facts.late_removal(tool)) {
        finding.label(range, LATE_REMOVAL);
    }
    if let Some(heir) = &kept.heir {
        finding.note("image", format!("the stage `{heir}` is built on this one and is shipped"));
    }
    if let Some((stage, command)) = &kept.called {
        finding.note(
            "calls",
            format!("a step of the stage `{stage}` calls `{command}`: it belongs into the builder stage, too"),
        );
    }
    // The closures of compilers overlap: only the largest is certain.
    let recommended = kept.recommends.filter(|_| !matches!(split, Some(Ok(_))));
    if let Some((range, name)) = recommended {
        finding.label(
            range,
            match name {
                "python3-pip" => "recommends `build-essential` and `python3-dev`",
                "python-pip" => "recommends `build-essential` and `python-all-dev`",
                "npm" => "brings `node-gyp`, which recommends `build-essential`",
                _ => "recommends `build-essential`",
            },
        );
        finding.note(
            "recommends",
            format!("`{name}` brings the compilers back unless it is installed with `--no-install-recommends`"),
        );
    }
    let own = |tool: &SystemInstall<'_>| own_bytes(facts, tool);
    let bytes = tools.iter().filter(|_| recommended.is_none()).filter_map(own).max();
    if let Some(bytes) = bytes {
        let mut savings = Savings::of(Component::Path("build tools".to_owned()), bytes, Basis::Catalogue);
        savings.complete = tools.len() == 1 || tools.iter().any(|tool| !tool.release.is_listed());
        finding.savings(savings);
    }
    if let Some((file, command)) = platform_call(facts, tools) {
        finding.note("start", format!("`{file}` runs `{command}` in the image: install `{command}` there by its name"));
    }
    if let Some((stage, file)) = kept.tools.iter().find_map(|install| facts.developed_on(install)) {
        finding.note(
            "development",
            format!("the stage `{stage}`, which `{file}` builds, has them from here: install them there"),
        );
    }
    finding.help(help(facts, kept));
    match split {
        Some(Ok(split))
            if split.saved.is_none_or(|bytes| bytes + split.saved_base.unwrap_or_default() >= WORTH_A_STAGE) =>
        {
            offer(facts, &split, &mut finding);
        }
        Some(Err(refusal)) if !refusal.reason.is_empty() => {
            finding.note("stages", format!("not rewritten: {}", refusal.reason));
        }
        _ => {}
    }
}

/// What goes with a tool when all build tools go: git keeps Perl, and headers are another finding's.
fn own_bytes(facts: &Facts<'_>, tool: &SystemInstall<'_>) -> Option<u64> {
    let stays = |other: &SystemInstall<'_>| {
        other.build_tool().is_none() && !catalogue::is_development_package(other.family, other.name)
    };
    Some(java::bytes_beyond_runtime(tool)?.saturating_sub(bytes_kept(facts, tool, stays)))
}

fn help(facts: &Facts<'_>, kept: &Kept<'_>) -> String {
    let only_java = kept.tools.iter().all(java::builds);
    let stage = kept.tools.first().and_then(|tool| facts.stages.get(tool.stage));
    let elsewhere = stage.is_some_and(|stage| keeps_packages_elsewhere(facts, stage));
    let by_others = stage.is_some_and(|stage| compiles_otherwise(facts, stage));
    let copied = if only_java || elsewhere || by_others { None } else { copied_environment(facts) };
    let copied = copied.map_or_else(String::new, |folder| format!(" (`COPY --from=builder {folder} {folder}`)"));
    let mut help =
        format!("compile in a builder stage and copy the result{copied}, or install and purge the tools in one `RUN`");
    let of_fortran =
        |tool: &&SystemInstall<'_>| tool.name.starts_with("gfortran") && tool.family == Distribution::Debian;
    if let Some(tool) = kept.tools.iter().find(of_fortran) {
        let libraries = catalogue::libraries_of_fortran(tool.release);
        let needs = libraries.map_or_else(
            || "its run-time library".to_owned(),
            |names| listed_up_to(&names.map(|name| format!("`{name}`")), names.len()),
        );
        let _ = write!(help, "; what `{}` compiled may need {needs} when it runs", tool.name);
    }
    // What is compiled in C++ on Alpine is linked with a library that came with the compiler.
    let of_alpine = |tool: &SystemInstall<'_>| {
        tool.family == Distribution::Alpine && matches!(tool.name, "g++" | "build-base" | "alpine-sdk" | "clang")
    };
    if kept.tools.iter().any(of_alpine) && !only_java {
        help.push_str("; what was compiled in C++ needs `libstdc++` when it runs");
        if !facts.python_installs().is_empty() {
            help.push_str(", what uses OpenMP `libgomp`");
        }
    }
    // What takes a JDK out must not leave the program without Java.
    let is_jdk = |tool: &&SystemInstall<'_>| tool.name.contains("jdk");
    let tools = || kept.tools.iter().filter(|tool| java::builds(tool));
    let Some(tool) = tools().find(is_jdk).or_else(|| tools().next()) else { return help };
    let runtime = java::runtime(tool).map_or_else(|| "a runtime of Java".to_owned(), |name| format!("`{name}`"));
    let why = kept.java.as_deref().unwrap_or("what was built for Java runs on it");
    let _ = write!(help, "; either way install {runtime} in place of `{}`: {why}", tool.name);
    help
}

/// Whether a step of the image compiles by another program than pip: what is to be copied then is more than packages of Python, or not those.
fn compiles_otherwise(facts: &Facts<'_>, stage: &StageFacts) -> bool {
    const COMPILERS: [&str; 16] = [
        "bazel",
        "cargo",
        "cc",
        "clang",
        "cmake",
        "conan",
        "configure",
        "g++",
        "gcc",
        "go",
        "make",
        "meson",
        "ninja",
        "node-gyp",
        "rustc",
        "scons",
    ];
    let chain = std::iter::once(stage).chain(facts.ancestors(stage));
    let mut commands = chain.flat_map(|stage| &stage.runs).flat_map(|run| &run.invocations);
    commands.any(|command| {
        let rebuilds =
            matches!(command.program.as_str(), "npm" | "yarn" | "pnpm") && command.argument(0) == Some("rebuild");
        command.guard != Guard::Never && (rebuilds || COMPILERS.contains(&command.program.as_str()))
    })
}

/// The environment that a run-time stage copies: the one that holds the packages of the first install, or a new one for what is installed
/// for the system; `None` where nobody knows.
fn copied_environment(facts: &Facts<'_>) -> Option<String> {
    // `pip install uv` in front of it is no part of the result.
    let is_project = |install: &&PythonInstall| matches!(install.tool, Tool::UvSync | Tool::UvAdd);
    let installs = facts.python_installs();
    let install = installs.iter().find(is_project).or_else(|| installs.first())?;
    match facts.certain_holder(install) {
        Some(folder)
            if !matches!(folder.as_str(), "/usr" | "/usr/local" | "/opt/conda")
                && ![".local", "site-packages", "dist-packages"].iter().any(|end| folder.ends_with(end)) =>
        {
            Some(folder)
        }
        // `uv run` takes no other environment than that of the project.
        None if is_project(&install) => None,
        // A login shell forgets the `PATH` on which a new one lies.
        _ => (!facts.starts_with_another_path()).then(|| "/opt/venv".to_owned()),
    }
}

/// Whether the Python packages of an image lie in an environment that the base or conda made, which a new one in `/opt/venv` would
/// hold a second time.
fn keeps_packages_elsewhere(facts: &Facts<'_>, stage: &StageFacts) -> bool {
    let chain = || std::iter::once(stage).chain(facts.ancestors(stage));
    let has_own = |stage: &StageFacts| {
        let repository = stage.image.repository.as_str();
        repository.contains("conda") || repository.contains("mamba") || repository.ends_with("airflow")
    };
    let is_conda = |invocation: &Invocation| matches!(invocation.program.as_str(), "conda" | "mamba" | "micromamba");
    chain().any(has_own) || chain().flat_map(|stage| &stage.runs).flat_map(|run| &run.invocations).any(is_conda)
}

/// The command of one of the tools that a hosting platform runs in the image, behind the file that says so.
fn platform_call<'t>(facts: &Facts<'_>, tools: &'t [SystemInstall<'_>]) -> Option<(String, &'t str)> {
    let given = |tool: &'t SystemInstall<'_>| {
        let entry = tool.build_tool();
        entry.map(|entry| entry.commands).unwrap_or_default().iter().copied().chain([tool.name])
    };
    facts.platform_commands().into_iter().find_map(|(file, text)| {
        let first = text.split_whitespace().next()?;
        let called = tools.iter().flat_map(given).find(|command| *command == first)?;
        Some((file, called))
    })
}

/// Offers the rewrite in two stages.
fn offer(facts: &Facts<'_>, split: &Split, finding: &mut Finding<'_>) {
    if let Some(bytes) = split.saved {
        let mut savings = Savings::of(Component::Path("build tools".to_owned()), bytes, Basis::Catalogue);
        savings.complete = !split.saves_more;
        savings.items.retain(|item| item.bytes > 0);
        let base = facts.stages.first().map(|stage| &stage.base);
        // `full-base-image` counts the same bytes.
        if let (Some(bytes), Some(Base::Image(reference))) = (split.saved_base, base) {
            let component = Component::Base(reference.text().split('@').next().unwrap_or_default().to_owned());
            savings.items.push(Saving { component, bytes, basis: Basis::Catalogue });
        }
        finding.savings(savings);
    }
    let libraries: Vec<String> =
        split.libraries.iter().chain(&split.added).map(|library| format!("`{library}`")).collect();
    if !libraries.is_empty() {
        finding.note("stages", format!("the run-time stage keeps {}", listed_up_to(&libraries, LIBRARIES_LISTED)));
    }
    finding.repeating_fix(multistage::fix(facts, split), multistage::repeated(facts, split));
}

/// Whether a tool is worth a finding by itself: a compiler is, `pkg-config` alone is not.
fn is_weighty(install: &SystemInstall<'_>) -> bool {
    is_compiler(install)
        && install.build_tool().is_some_and(|tool| tool.installed_bytes.is_none_or(|bytes| bytes >= WEIGHTY))
}

fn is_compiler(install: &SystemInstall<'_>) -> bool {
    install
        .build_tool()
        .is_some_and(|tool| matches!(tool.kind, SystemPackageKind::Compiler | SystemPackageKind::BuildMeta))
}

/// Whether a step of the build can have a use for a tool. Without a compiler, `binutils` serves those that call one of its programs;
/// `jlink` and `ctypes` call them when they run.
fn serves_the_build(chain: &[&StageFacts], installs: &[SystemInstall<'_>], tool: &SystemInstall<'_>) -> bool {
    if tool.name != "binutils" {
        return true;
    }
    let compiles = |install: &SystemInstall<'_>| install.name != "binutils" && is_compiler(install);
    let commands =
        catalogue::build_tool(Distribution::Debian, tool.name).map(|entry| entry.commands).unwrap_or_default();
    installs.iter().any(compiles)
        || chain
            .iter()
            .flat_map(|stage| &stage.runs)
            .flat_map(|run| &run.invocations)
            .any(|invocation| commands.contains(&invocation.program.as_str()))
}

fn builds_java(stage: &StageFacts) -> bool {
    let is_java = |program: &str| matches!(program, "mvn" | "mvnw" | "gradle" | "gradlew" | "javac" | "sbt" | "ant");
    stage.runs.iter().flat_map(|run| &run.invocations).any(|invocation| is_java(&invocation.program))
}
