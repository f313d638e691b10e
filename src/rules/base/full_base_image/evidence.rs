//! What an image does with its base.

use crate::catalogue::{self, Distribution, Slimmer, SlimmerKind};
use crate::facts::{Facts, Guard, Invocation, Shell, ShippedBase, Source, StageFacts};

/// How sure it is that the small image would do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Use {
    /// A program runs, and the base is not needed to make it.
    Runs,
    /// A program runs, and the base also makes it: that takes a stage of its own.
    BuildsToo,
    /// Nothing says what the image starts, or it is one to develop in.
    Unsure,
}

/// Programs that need the Java compiler, or build before they run.
const JAVA_BUILDERS: [&str; 8] = ["mvn", "mvnw", "gradle", "gradlew", "javac", "sbt", "ant", "jshell"];

/// What the images that stand on `base` do with it; `None` when the small image would not do, or nobody can tell.
pub(super) fn purpose(facts: &Facts<'_>, base: &ShippedBase<'_>, slimmer: &Slimmer) -> Option<Use> {
    let windows = |image: &&StageFacts| matches!(image.state.shell, Shell::PowerShell | Shell::Cmd);
    if base.finals.iter().any(windows) {
        return None;
    }
    // `# We need the JDK, as lessons compile Java`
    if matches!(slimmer.kind, SlimmerKind::Jre | SlimmerKind::Kit) && facts.is_reasoned(base) {
        return None;
    }
    // `images/11.0.7-jdk/Dockerfile` from `openjdk:11.0.7-jdk`: there is a folder for each tag, and this one is for that.
    let above = facts.service.dockerfile.rsplit('/').nth(1).unwrap_or_default();
    if base.stage.image.tag.as_deref().is_some_and(|tag| tag == above && tag.contains(|c: char| c.is_ascii_digit())) {
        return None;
    }
    // With a kernel it is the root file system of a machine.
    let is_machine = |image: &&StageFacts| {
        facts.installs_of_image(image).iter().any(|install| install.name.starts_with("linux-image"))
    };
    if base.finals.iter().any(is_machine) {
        return None;
    }
    // `ONBUILD RUN mvn verify` needs the compiler in other images.
    if matches!(slimmer.kind, SlimmerKind::Jre | SlimmerKind::Kit) && facts.is_made_to_build_on() {
        return None;
    }
    let uses = base.finals.iter().filter_map(|image| match slimmer.kind {
        SlimmerKind::Jre => runs_java(facts, image)
            .filter(|purpose| *purpose != Use::Runs || !calls_other_manager(facts, image, base, slimmer)),
        SlimmerKind::Kit => runs_result(facts, image),
        _ => runs(facts, image),
    });
    uses.min_by_key(|purpose| *purpose as u8)
}

/// Why it is not sure that the small image would do, where what runs may take more of the full one than the files tell.
pub(super) fn unsure(facts: &Facts<'_>, base: &ShippedBase<'_>) -> Option<String> {
    let installs = base.finals.iter().find_map(|image| facts.installs_when_it_runs(image));
    if let Some(call) = installs {
        return Some(format!(
            "`{}` has `{}`: what is installed or compiled when it runs may need more of the full image",
            call.file, call.by
        ));
    }
    facts
        .is_made_to_build_on()
        .then(|| "other images are built on it, which may need more of the full image".to_owned())
}

fn runs(facts: &Facts<'_>, image: &StageFacts) -> Option<Use> {
    if facts.is_runtime_image(image) {
        let works = facts.starts_a_workbench(image) || facts.serves_development(image);
        // What others are built on may be what they need.
        let installs = facts.installs_when_it_runs(image).is_some() || facts.is_made_to_build_on();
        return Some(if works || installs { Use::Unsure } else { Use::Runs });
    }
    // The command stands in a compose file or a chart: what is copied is there to run.
    let takes_files =
        || chain(facts, image).any(|stage| stage.transfers.iter().any(|transfer| transfer.source == Source::Context));
    (facts.starts_nothing(image) && takes_files()).then_some(Use::Unsure)
}

fn chain<'f>(facts: &'f Facts<'_>, image: &'f StageFacts) -> impl Iterator<Item = &'f StageFacts> {
    std::iter::once(image).chain(facts.ancestors(image))
}

fn commands<'f>(facts: &'f Facts<'_>, image: &'f StageFacts) -> impl Iterator<Item = &'f Invocation> {
    let runs = chain(facts, image).flat_map(|stage| &stage.runs);
    runs.flat_map(|run| &run.invocations).filter(|command| command.guard != Guard::Never)
}

/// Whether a step calls a package manager that the other image lacks: `yum` of Amazon's Linux, where Temurin's is Ubuntu.
fn calls_other_manager(facts: &Facts<'_>, image: &StageFacts, base: &ShippedBase<'_>, slimmer: &Slimmer) -> bool {
    let managers = |distribution: Distribution| match distribution {
        Distribution::Debian | Distribution::Ubuntu => &["apt", "apt-get", "dpkg"] as &[&str],
        Distribution::Alpine => &["apk"],
        Distribution::RedHat => &["yum", "dnf", "microdnf", "rpm"],
        _ => &[],
    };
    let others = managers(catalogue::base_image(&slimmer.reference).distribution);
    let own = managers(base.stage.image.distribution);
    own != others && commands(facts, image).any(|command| own.contains(&command.program.as_str()))
}

fn runs_java(facts: &Facts<'_>, image: &StageFacts) -> Option<Use> {
    if facts.starts_with(image, &JAVA_BUILDERS) || facts.installs_when_it_runs(image).is_some() {
        return None;
    }
    let builds = commands(facts, image).any(|command| JAVA_BUILDERS.contains(&command.program.as_str()));
    let archives = chain(facts, image).flat_map(|stage| &stage.transfers).flat_map(|transfer| &transfer.paths);
    let has_archive = archives
        .map(|(path, _)| path.text())
        .any(|path| path.rsplit_once('.').is_some_and(|(_, extension)| matches!(extension, "jar" | "war")));
    let serves =
        matches!(image.image.repository.as_str(), "tomcat" | "jetty") && facts.starts_nothing(image) && has_archive;
    let java = facts.starts_with(image, &["java"]) || (facts.is_runtime_image(image) && (builds || has_archive));
    match (java || serves, builds) {
        (true, true) => Some(Use::BuildsToo),
        (true, false) => Some(Use::Runs),
        (false, _) => None,
    }
}

/// Whether what a toolchain made is all that runs: `go build`, then `CMD ["/app"]`.
fn runs_result(facts: &Facts<'_>, image: &StageFacts) -> Option<Use> {
    if !facts.is_runtime_image(image) || facts.installs_when_it_runs(image).is_some() {
        return None;
    }
    let repository = image.image.repository.as_str();
    let words = facts.start_words(image);
    let makers: &[&str] = match repository {
        "continuumio/anaconda3" => return Some(Use::Unsure),
        "golang" => &["go"],
        "rust" => &["cargo", "rustc"],
        "swift" => &["swift", "swiftc"],
        _ => &["dotnet"],
    };
    let library = words.get(1).is_some_and(|word| {
        word.rsplit_once('.').is_some_and(|(_, extension)| extension.trim_end_matches(['"', '\'']) == "dll")
    });
    if facts.starts_with(image, makers) && !library {
        return None;
    }
    // A tool that is installed from elsewhere may call the toolchain when it runs.
    let makes = |command: &Invocation| {
        makers.contains(&command.program.as_str())
            && command.arguments.iter().any(|word| matches!(word.value.text(), "build" | "install" | "publish"))
            && !command.arguments.iter().any(|word| word.value.text().contains('@'))
    };
    if commands(facts, image).any(makes) {
        return Some(Use::BuildsToo);
    }
    let origins = chain(facts, image).flat_map(|stage| &stage.transfers).filter_map(|transfer| match transfer.source {
        Source::Stage(stage) => facts.stages.get(stage),
        _ => None,
    });
    let made_elsewhere = origins.flat_map(|origin| commands(facts, origin)).any(makes);
    (made_elsewhere || library).then_some(Use::Runs)
}
