/** An element with attributes and children. Children are nodes or text, never markup. */
function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    } else if (name === "style") {
      // Through the object model, which the policy of the page allows; as an attribute it does not.
      for (const [property, setting] of Object.entries(value)) node.style.setProperty(property, setting);
    } else {
      node.setAttribute(name, value === true ? "" : value);
    }
  }
  node.append(...children.flat().filter((child) => child !== undefined && child !== null && child !== false));
  return node;
}

const byId = (id) => document.getElementById(id);

/** Text in which names stand in backticks. */
function prose(text) {
  return text.split("`").map((part, index, parts) => {
    // A last backtick without a partner is only a backtick.
    if (index % 2 === 0) return part;
    return index === parts.length - 1 ? "`" + part : element("code", {}, part);
  });
}

/** `4.4 GB`: two figures below ten, whole numbers above; powers of ten. */
function formatBytes(bytes) {
  if (bytes < 1e3) return `${bytes} B`;
  const [divisor, unit] = bytes < 1e6 ? [1e3, "kB"] : bytes < 1e9 ? [1e6, "MB"] : [1e9, "GB"];
  const value = bytes / divisor;
  return `${value.toFixed(value < 9.95 ? 1 : 0)} ${unit}`;
}

/** `~4.4 GB`, or `at least 4.4 GB` where part of it is not known. */
const about = (bytes, isComplete) => (isComplete ? "~" : "at least ") + formatBytes(bytes);

/** The same where there is little room. */
const aboutShort = (bytes, isComplete) => (isComplete ? "~" : "≥ ") + formatBytes(bytes);

function counted(number, noun) {
  const plural = noun.endsWith("x") ? `${noun}es` : `${noun}s`;
  return `${number.toLocaleString("en")} ${number === 1 ? noun : plural}`;
}

const percent = (share) => (share > 0 && share < 0.01 ? "less than 1 %" : `${Math.round(share * 100)} %`);
