const report = JSON.parse(byId("data").textContent);

/** What each part of an image is called, and what it is. */
const PART_NAMES = {
  base: ["Base image", "the image that it is built on"],
  system: ["System packages", "packages of the distribution"],
  python: ["Python packages", "what pip, uv, poetry and others install"],
  node: ["node_modules", "what npm, yarn and others install"],
  copied: ["Copied files", "files of the build context"],
  other: ["Other", "downloads, builds, and files of other images"],
  leftovers: ["Leftovers", "caches, lists and second copies, which nothing reads"],
};

const namedParts = (parts) =>
  report.parts.map((name, index) => {
    const [bytes, isComplete, reclaimable] = parts[index];
    return { name, title: PART_NAMES[name][0], bytes, isComplete, reclaimable };
  });

report.services.forEach((service, number) => {
  service.number = number;
  service.parts = namedParts(service.parts);
  service.findings = service.findings.map((index) => report.findings[index]);
  service.rules = new Set(service.findings.map((finding) => finding.rule));
  service.searched = [service.name, service.dockerfile, service.base, service.dominant].join("\n").toLowerCase();
});
const serviceOfSlug = new Map(report.services.map((service) => [service.slug, service]));

const pageOf = (service) => `#service-${service.slug}`;
const zoomOf = (service) => `#zoom-${service.slug}`;

/** Whether it has an area: something is known of it. */
const isDrawable = (service) => service.image !== null && service.image > 0;

/** The size of an image in words. */
function imageText(service, say = about) {
  return service.image === null ? "unknown" : say(service.image, service.complete);
}

/** What could go of an image, in words. */
function reclaimableText(service, say = about) {
  if (service.reclaimable > 0) return say(service.reclaimable, service.unmeasured === 0);
  return service.unmeasured > 0 ? "unknown" : "nothing";
}

/** The bytes of a part in words; nothing where there is nothing. */
function partText(part, say = about) {
  if (part.bytes === null) return part.isComplete ? "nothing" : "unknown";
  if (part.bytes === 0) return part.isComplete ? "nothing" : "unknown";
  return say(part.bytes, part.isComplete);
}

/** A bar of parts, each with the share that could go in stripes. `full` is what its whole width stands for. */
function partsBar(parts, full) {
  const known = parts.filter((part) => part.bytes > 0);
  return known.map((part) =>
    element(
      "span",
      { class: `part part-${part.name}`, style: { width: `${(100 * part.bytes) / full}%` } },
      part.reclaimable > 0 &&
        element("span", { class: "gone", style: { width: `${(100 * part.reclaimable) / part.bytes}%` } }),
    ),
  );
}
