/** Boxes with less area than this, in square pixels, cannot be seen or hit: they become one. */
const SMALLEST_BOX = 90;
const HINT =
  "Each box is an image, as large as it is heavy. The striped part could go. Click a box or press Enter to look inside; arrow keys move.";
const ZOOMED_HINT =
  "Each box is a part of this image. The striped part could go. Escape goes back to all services; a click opens its findings and its patch.";
/** From this size on, in pixels, a box has a line for its name. */
const NAMED = { width: 54, height: 34 };
const NAME_HEIGHT = 20;

const tiles = byId("tiles");
const tooltip = byId("tooltip");
/** What is drawn now. */
let drawn = { services: [], zoomed: null, width: 0 };

function drawMap(services, zoomed) {
  const { clientWidth: width, clientHeight: height } = tiles;
  drawn = { services, zoomed, width };
  hideTooltip();
  const whole = { x: 0, y: 0, width, height };
  tiles.replaceChildren(...(zoomed ? partBoxes(zoomed, whole, true) : serviceBoxes(services, whole)));
  if (tiles.childElementCount === 0) tiles.append(element("p", { class: "empty" }, emptyText(zoomed)));
  const first = tiles.querySelector("a");
  if (first) first.tabIndex = 0;
  byId("map-hint").textContent = zoomed ? ZOOMED_HINT : HINT;
  byId("crumbs").replaceChildren(...crumbs(zoomed));
  byId("undrawn").replaceChildren(...undrawn(services));
}

function emptyText(zoomed) {
  if (zoomed) return "Nothing is known of its size, so there is nothing to draw.";
  return report.services.length === 0
    ? "There is no Dockerfile here."
    : "There is nothing to draw: no service is left, or no size is known.";
}

function serviceBoxes(services, whole) {
  const items = services.filter(isDrawable).map((service) => ({ service, value: service.image }));
  items.sort((a, b) => b.value - a.value);
  const total = items.reduce((sum, item) => sum + item.value, 0);
  const least = (SMALLEST_BOX * total) / (whole.width * whole.height);
  const visible = items.filter((item) => item.value >= least);
  const small = items.slice(visible.length);
  if (small.length > 0) {
    const value = small.reduce((sum, item) => sum + item.value, 0);
    visible.push({ small, value: Math.max(value, least) });
    visible.sort((a, b) => b.value - a.value);
  }
  return squarify(visible, whole).map((box) => (box.item.small ? smallBox(box, whole) : serviceBox(box, whole)));
}

function serviceBox(box, whole) {
  const service = box.item.service;
  const isNamed = box.width >= NAMED.width && box.height >= NAMED.height;
  const link = element("a", {
    class: "box",
    href: zoomOf(service),
    tabindex: "-1",
    "aria-label": `${service.name}: image ${imageText(service)}, could go: ${reclaimableText(service)}. Look inside`,
    style: position(box, whole),
  });
  if (isNamed) {
    link.append(
      element(
        "span",
        { class: "name" },
        element("span", { class: "text" }, shortNames.get(service)),
        box.width > 130 && element("span", { class: "size" }, imageText(service, aboutShort)),
      ),
    );
  }
  const top = isNamed ? NAME_HEIGHT : 0;
  const inner = { x: 0, y: 0, width: box.width - 2, height: box.height - 2 - top };
  link.append(element("span", { class: "inside", style: { top: `${top}px` } }, partBoxes(service, inner, false)));
  describe(link, () => serviceTip(service));
  return link;
}

/** Folders that every service has. */
const COMMON_FOLDERS = new Set(["src", "app", "docker"]);

/** The words of a name that could tell a service from the others: `asr` and `gpu` of `comps/asr/src/Dockerfile.gpu`. */
function nameWords(name) {
  const parts = name.split("/").filter((part, index) => index === 0 || !COMMON_FOLDERS.has(part));
  const variant = parts.at(-1).match(/^Dockerfile[.#-](.+)$|^(.+)\.Dockerfile$/i);
  return variant && parts.length > 1 ? [...parts.slice(0, -2), `${parts.at(-2)} · ${variant[1] ?? variant[2]}`] : parts;
}

/** The shortest end of each name that no other service has. */
const shortNames = (() => {
  const words = report.services.map((service) => nameWords(service.name));
  const short = new Map();
  let left = report.services.map((_, number) => number);
  for (let length = 1; left.length > 0; length += 1) {
    const ends = left.map((number) => words[number].slice(-length).join("/"));
    const times = new Map();
    for (const end of ends) times.set(end, (times.get(end) ?? 0) + 1);
    left = left.filter((number, index) => {
      const isWhole = words[number].length <= length;
      if (times.get(ends[index]) > 1 && !isWhole) return true;
      short.set(report.services[number], ends[index]);
      return false;
    });
  }
  return short;
})();

/** Shows which boxes are those of some services, or of none in particular. */
function lightUp(services) {
  const links = services && new Set(services.map((number) => zoomOf(report.services[number])));
  for (const box of tiles.querySelectorAll("a.box")) {
    box.classList.toggle("dim", Boolean(links) && !links.has(box.getAttribute("href")));
  }
}

function smallBox(box, whole) {
  const { small } = box.item;
  const label = `${counted(small.length, "small service")}: too small to draw each; listed below`;
  const button = element(
    "a",
    { class: "box small", href: "#small", tabindex: "-1", "aria-label": label, style: position(box, whole) },
    box.width >= NAMED.width && box.height >= NAMED.height
      ? element("span", { class: "text" }, `${small.length} smaller`)
      : undefined,
  );
  button.addEventListener("click", (event) => {
    event.preventDefault();
    const list = byId("undrawn").querySelector("details");
    list.open = true;
    list.querySelector("summary").focus();
  });
  describe(button, () => [element("strong", {}, label)]);
  return button;
}

/** The parts of an image: alone in the map as links with figures, or as the inside of a box. */
function partBoxes(service, whole, isAlone) {
  const parts = service.parts.filter((part) => part.bytes > 0).map((part) => ({ part, value: part.bytes }));
  parts.sort((a, b) => b.value - a.value);
  return squarify(parts, whole).map((box) => {
    const { part } = box.item;
    const gone = part.reclaimable > 0 && element("span", { class: "gone", style: goneStyle(part, box) });
    const place = position(box, whole);
    if (!isAlone) {
      const isNamed = box.width > 62 && box.height > 24;
      const label = isNamed && element("span", { class: "label" }, part.name);
      return element("span", { class: `part part-${part.name}`, style: place }, gone, label);
    }
    const could = part.reclaimable > 0 ? `, ${about(part.reclaimable, true)} could go` : "";
    const link = element(
      "a",
      {
        class: `part alone part-${part.name}`,
        href: pageOf(service),
        tabindex: "-1",
        "aria-label": `${part.title}: ${partText(part)}${could}. Open the page of ${service.name}`,
        style: place,
      },
      gone,
      box.width > 62 && box.height > 24
        ? element(
            "span",
            { class: "label" },
            element("strong", {}, part.title),
            box.height > 44 && element("span", {}, partText(part)),
            could && box.height > 64 && element("span", { class: "could" }, could.slice(2)),
          )
        : undefined,
    );
    describe(link, () => serviceTip(service, part));
    return link;
  });
}

/** In parts of the whole, so that the map keeps its form when it is printed. */
function position(box, whole) {
  return {
    left: `${(100 * box.x) / whole.width}%`,
    top: `${(100 * box.y) / whole.height}%`,
    width: `${(100 * box.width) / whole.width}%`,
    height: `${(100 * box.height) / whole.height}%`,
  };
}

/** The share of a box that could go, cut off at the end of its longer side. */
function goneStyle(part, box) {
  const share = `${(100 * part.reclaimable) / part.bytes}%`;
  return box.width >= box.height ? { width: share, height: "100%" } : { width: "100%", height: share };
}

function crumbs(zoomed) {
  if (!zoomed) return [];
  return [
    element("a", { href: "#map" }, "All services"),
    element("span", { "aria-hidden": "true" }, "›"),
    element("span", { "aria-current": "location" }, zoomed.name),
    element("a", { class: "open", href: pageOf(zoomed) }, "Findings and patch"),
  ];
}

/** Services that have no box, by name. */
function undrawn(services) {
  const lists = [];
  const small = new Set();
  const isSmall = tiles.querySelector(".small");
  if (isSmall) {
    const boxes = new Set([...tiles.querySelectorAll("a.box:not(.small)")].map((box) => box.getAttribute("href")));
    services.filter((service) => isDrawable(service) && !boxes.has(zoomOf(service))).forEach((service) => small.add(service));
    lists.push(serviceList(`${counted(small.size, "service")} too small to draw`, [...small]));
  }
  const unknown = services.filter((service) => service.image === null);
  if (unknown.length > 0) {
    lists.push(serviceList(`${counted(unknown.length, "service")} not drawn: nothing is known of their size`, unknown));
  }
  const empty = services.filter((service) => service.image === 0);
  if (empty.length > 0) {
    lists.push(serviceList(`${counted(empty.length, "service")} not drawn: built on nothing, and what is copied is unknown`, empty));
  }
  return lists;
}

/** A list that opens, with a link to each service. */
function serviceList(title, services) {
  const entry = (service) => element("li", {}, element("a", { href: pageOf(service) }, service.name));
  return element(
    "details",
    { class: "services" },
    element("summary", {}, title),
    element("ul", {}, services.map(entry)),
  );
}

function serviceTip(service, only) {
  const row = (part) =>
    element(
      "tr",
      { class: part === only && "current" },
      element("th", {}, element("span", { class: `swatch part-${part.name}` }), part.title),
      element("td", {}, partText(part, aboutShort)),
      element("td", {}, part.reclaimable > 0 ? `−${formatBytes(part.reclaimable)}` : ""),
    );
  const telling = service.parts.filter((part) => part.bytes > 0 || !part.isComplete);
  return [
    element("strong", {}, service.name),
    element("p", {}, `Image ${imageText(service)}; could go: ${reclaimableText(service)}`),
    element("table", {}, telling.map(row)),
  ];
}

/** Shows figures beside what the pointer or the focus is on. */
function describe(node, content) {
  node.addEventListener("pointermove", (event) => showTooltip(content, event.clientX, event.clientY));
  node.addEventListener("pointerleave", hideTooltip);
  node.addEventListener("blur", hideTooltip);
  node.addEventListener("focus", () => {
    if (!node.matches(":focus-visible")) return;
    const { left, bottom } = node.getBoundingClientRect();
    showTooltip(content, left, bottom);
  });
}

let tooltipOf = null;

function showTooltip(content, x, y) {
  if (tooltipOf !== content) {
    tooltip.replaceChildren(...content());
    tooltip.hidden = false;
    tooltipOf = content;
  }
  const { offsetWidth, offsetHeight } = tooltip;
  const left = Math.min(x + 14, innerWidth - offsetWidth - 8);
  const top = y + 14 + offsetHeight > innerHeight ? Math.max(8, y - offsetHeight - 10) : y + 14;
  tooltip.style.transform = `translate(${Math.max(8, left)}px, ${top}px)`;
}

function hideTooltip() {
  tooltip.hidden = true;
  tooltipOf = null;
}

const DIRECTIONS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

tiles.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    if (!tooltip.hidden && !drawn.zoomed) hideTooltip();
    else if (drawn.zoomed) location.hash = "#map";
    return;
  }
  const direction = DIRECTIONS[event.key];
  const current = document.activeElement?.closest("#tiles a");
  if (!direction || !current) return;
  event.preventDefault();
  const next = nearest(current, direction);
  if (!next) return;
  current.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
});

/** The box that lies next in a direction: near along it, and not far beside it. */
function nearest(current, [dx, dy]) {
  const centre = (node) => {
    const { left, top, width, height } = node.getBoundingClientRect();
    return [left + width / 2, top + height / 2];
  };
  const [x, y] = centre(current);
  let best = null;
  let shortest = Infinity;
  for (const box of tiles.querySelectorAll("a")) {
    const [boxX, boxY] = centre(box);
    const along = (boxX - x) * dx + (boxY - y) * dy;
    const beside = Math.abs((boxX - x) * dy + (boxY - y) * dx);
    if (along > 1 && along + 2 * beside < shortest) {
      shortest = along + 2 * beside;
      best = box;
    }
  }
  return best;
}

new ResizeObserver(() => {
  if (tiles.clientWidth === 0 || tiles.clientWidth === drawn.width) return;
  drawMap(drawn.services, drawn.zoomed);
}).observe(tiles);
