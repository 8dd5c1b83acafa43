"use strict";
// Draws the scenes in #data: a chart and a table each. Text goes in by textContent alone.

const LANE = 30, TOP = 22, LEFT = 34, NEAR = 8; // pixels
// How tall the marks of each style are; the later ones are drawn over the earlier.
const TALL = { quiet: 8, unheard: 8, good: 18, token: 12, event: 18, error: 22 };
const SVG = "http://www.w3.org/2000/svg";

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function draw(parent, tag, attributes, text) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  parent.append(node);
  return node;
}

const seconds = (t) => (t / 1e6).toFixed(3) + " s";
const milliseconds = (t) => "+" + (t / 1e3).toFixed(1) + " ms";

function sentence(scene, row) {
  const parts = [scene.lanes[row.lane].letter + ", " + seconds(row.at)];
  parts.push((row.number ? "#" + row.number + " " : "") + row.kind);
  if (row.gap !== null) parts.push(milliseconds(row.gap) + " after the one before");
  if (row.late) parts.push(row.late);
  parts.push(...row.findings.map((finding) => finding.text));
  if (row.text) parts.push(row.text.length > 300 ? row.text.slice(0, 300) + "…" : row.text);
  return parts.join("; ");
}

/** A round step between two lines of the grid, so that at most `most` are in sight. */
function step(span, most) {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, span / most)));
  return [1, 2, 5, 10].map((digit) => digit * power).find((each) => span / each <= most);
}

class Scene {
  constructor(scene, number) {
    this.scene = scene;
    this.from = 0;
    this.to = this.whole = Math.max(1, scene.duration) * 1.02;
    this.chosen = -1;
    this.section = make("section", { "aria-labelledby": "scene" + number });
    this.section.append(make("h2", { id: "scene" + number }, scene.title), this.wrong(), this.tools(), this.keys());
    this.chart = make("div", { class: "chart", tabindex: "0", role: "application", "aria-label": scene.title +
      ": chart. Left and right arrows go from event to event; the table below says the same." });
    this.svg = document.createElementNS(SVG, "svg");
    this.svg.setAttribute("height", TOP + LANE * scene.lanes.length);
    this.svg.setAttribute("aria-hidden", "true");
    this.chart.append(this.svg);
    this.section.append(this.chart, this.legend(), this.table());
    this.listen();
  }

  /** What a reader should see first. */
  wrong() {
    const list = make("ul", { class: "lanes" });
    for (const lane of this.scene.lanes) {
      const tell = (told, style) => list.append(make("li", { class: style }, make("span", { class: "letter" }, lane.letter), told));
      for (const told of lane.warnings) tell(told, "warning");
      for (const told of lane.findings) tell(told.text, "finding-" + told.severity);
    }
    return list;
  }

  legend() {
    const list = make("ul", { class: "lanes" });
    for (const lane of this.scene.lanes) {
      const item = make("li", {}, make("span", { class: "letter" }, lane.letter), make("strong", {}, lane.title), " ",
        make("span", { class: lane.whole ? "" : "broken" }, lane.ended_how));
      for (const told of lane.about) item.append(make("div", { class: "about" }, told));
      list.append(item);
    }
    return list;
  }

  tools() {
    const button = (name, label, act) => {
      const node = make("button", { type: "button", "aria-label": label }, name);
      node.addEventListener("click", act);
      return node;
    };
    this.filter = make("select", { "aria-label": "Which kinds the table shows" }, make("option", { value: "" }, "all kinds"));
    for (const kind of new Set(this.scene.rows.map((row) => row.kind))) {
      this.filter.append(make("option", { value: kind }, kind));
    }
    this.filter.addEventListener("change", () => this.show());
    return make("div", { class: "tools" }, button("+", "Zoom in", () => this.zoom(0.5)),
      button("−", "Zoom out", () => this.zoom(2)), button("All", "Show all of it", () => this.zoom(Infinity)),
      make("label", {}, "Table: ", this.filter));
  }

  keys() {
    const names = { token: "a piece of the answer", event: "another event", error: "an error", unheard: "a comment",
      stall: "a stall" };
    return make("div", { class: "legend", "aria-hidden": "true" }, ...Object.entries(names).map(([style, name]) =>
      make("span", {}, make("i", { class: style }), name)));
  }

  table() {
    const head = make("tr");
    for (const title of ["", "At", "Gap", "#", "Kind", "Text"]) head.append(make("th", { scope: "col" }, title));
    this.lines = this.scene.rows.map((row, index) => {
      const line = make("tr", row.late ? { class: "late" } : {});
      const cell = (text, style = "") => make("td", style ? { class: style } : {}, text);
      const told = [row.late, ...row.findings.map((finding) => finding.text), row.text].filter(Boolean).join("\n");
      line.append(cell(this.scene.lanes[row.lane].letter), cell(seconds(row.at), "number"),
        cell(row.gap === null ? "" : milliseconds(row.gap), "number"), cell(row.number ? String(row.number) : "", "number"),
        cell(row.kind, "kind-" + row.style), cell(told, "text"));
      line.addEventListener("click", () => this.choose(index, false));
      return line;
    });
    this.body = make("tbody", {}, ...this.lines);
    const table = make("table", {}, make("caption", { class: "unseen" }, this.scene.title + ", in the order of time"),
      make("thead", {}, head), this.body);
    return make("div", { class: "rows", tabindex: "0", role: "region", "aria-label": "Events" }, table);
  }

  show() {
    this.lines.forEach((line, index) => {
      line.hidden = Boolean(this.filter.value) && this.scene.rows[index].kind !== this.filter.value;
    });
  }

  listen() {
    this.chart.addEventListener("keydown", (event) => this.key(event));
    this.chart.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoom(event.deltaY > 0 ? 1.25 : 0.8, this.time(event));
    }, { passive: false });
    this.chart.addEventListener("pointerdown", (event) => {
      this.grip = { x: event.clientX, from: this.from, moved: false };
      this.chart.setPointerCapture(event.pointerId);
    });
    this.chart.addEventListener("pointermove", (event) => this.move(event));
    this.chart.addEventListener("pointerup", (event) => {
      if (this.grip && !this.grip.moved) this.choose(this.nearest(event));
      this.grip = null;
    });
    this.chart.addEventListener("pointerleave", () => { hint.hidden = true; });
    new ResizeObserver(() => this.render()).observe(this.chart);
  }

  key(event) {
    const moves = { ArrowRight: () => this.step(1), ArrowLeft: () => this.step(-1), ArrowDown: () => this.lane(1),
      ArrowUp: () => this.lane(-1), "+": () => this.zoom(0.5), "=": () => this.zoom(0.5), "-": () => this.zoom(2),
      0: () => this.zoom(Infinity), Home: () => this.choose(0), End: () => this.choose(this.scene.rows.length - 1) };
    if (event.ctrlKey || event.metaKey || event.altKey || !moves[event.key]) return;
    event.preventDefault();
    moves[event.key]();
  }

  step(by) {
    this.choose(Math.min(this.scene.rows.length - 1, Math.max(0, this.chosen + by)));
  }

  /** The event of the next stream that is the nearest in time. */
  lane(by) {
    const now = this.scene.rows[Math.max(0, this.chosen)], count = this.scene.lanes.length;
    const lane = this.chosen < 0 ? 0 : (now.lane + by + count) % count;
    let best = -1;
    this.scene.rows.forEach((row, index) => {
      const nearer = best < 0 || Math.abs(row.at - now.at) < Math.abs(this.scene.rows[best].at - now.at);
      if (row.lane === lane && nearer) best = index;
    });
    this.choose(best);
  }

  zoom(factor, at) {
    const chosen = this.scene.rows[this.chosen];
    const fixed = at ?? (chosen ? chosen.at : (this.from + this.to) / 2);
    const span = Math.min(this.whole, Math.max(100, (this.to - this.from) * factor));
    const share = (fixed - this.from) / (this.to - this.from);
    this.look(fixed - span * Math.min(1, Math.max(0, share)), span);
  }

  look(from, span) {
    this.from = Math.max(0, Math.min(from, this.whole - span));
    this.to = this.from + span;
    this.render();
  }

  get width() { return Math.max(1, this.chart.clientWidth - LEFT); }
  x(t) { return LEFT + (t - this.from) / (this.to - this.from) * this.width; }
  time(event) {
    const x = event.clientX - this.chart.getBoundingClientRect().left - LEFT;
    return this.from + x / this.width * (this.to - this.from);
  }

  nearest(event) {
    const box = this.chart.getBoundingClientRect();
    const lane = Math.floor((event.clientY - box.top - TOP) / LANE), x = event.clientX - box.left;
    let best = -1, least = NEAR;
    this.scene.rows.forEach((row, index) => {
      const far = Math.abs(this.x(row.at) - x);
      if (row.lane === lane && far < least) [best, least] = [index, far];
    });
    return best;
  }

  move(event) {
    if (this.grip) {
      const by = event.clientX - this.grip.x;
      this.grip.moved ||= Math.abs(by) > 3;
      if (this.grip.moved) this.look(this.grip.from - by / this.width * (this.to - this.from), this.to - this.from);
      return;
    }
    const index = this.nearest(event);
    hint.hidden = index < 0;
    if (index < 0) return;
    hint.textContent = sentence(this.scene, this.scene.rows[index]);
    hint.style.left = Math.max(8, Math.min(event.clientX + 14, innerWidth - hint.offsetWidth - 8)) + "px";
    hint.style.top = Math.max(8, Math.min(event.clientY + 14, innerHeight - hint.offsetHeight - 8)) + "px";
  }

  choose(index, scroll = true) {
    if (index < 0) return;
    this.lines[this.chosen]?.removeAttribute("aria-current");
    this.chosen = index;
    const row = this.scene.rows[index], line = this.lines[index];
    line.setAttribute("aria-current", "true");
    if (scroll) {
      const holder = this.body.closest(".rows");
      holder.scrollTop = line.offsetTop - holder.clientHeight / 2;
    }
    said.textContent = sentence(this.scene, row);
    if (row.at < this.from || row.at > this.to) this.look(row.at - (this.to - this.from) / 2, this.to - this.from);
    else this.render();
  }

  render() {
    this.svg.replaceChildren();
    const every = step(this.to - this.from, Math.max(2, this.width / 110));
    for (let t = Math.ceil(this.from / every) * every; t <= this.to; t += every) {
      const x = this.x(t);
      draw(this.svg, "line", { class: "grid", x1: x, x2: x, y1: TOP - 4, y2: "100%" });
      draw(this.svg, "text", { x: x + 3, y: 13 }, every < 1000 ? t / 1e3 + " ms" : t / 1e6 + " s");
    }
    this.scene.lanes.forEach((lane, index) => {
      const y = TOP + LANE * index, begin = Math.max(LEFT, this.x(lane.began)), end = this.x(lane.ended);
      if (end > begin) draw(this.svg, "rect", { class: "open", x: begin, y: y + LANE / 2 - 1, width: end - begin, height: 2 });
      for (const stall of lane.stalls) this.box("stall", stall.from, stall.to, y + 6, LANE - 12);
    });
    this.marks();
    draw(this.svg, "rect", { class: "shade", x: 0, y: TOP, width: LEFT - 4, height: "100%" });
    this.scene.lanes.forEach((lane, index) =>
      draw(this.svg, "text", { class: "name", x: 8, y: TOP + LANE * index + LANE / 2 + 4 }, lane.letter));
  }

  /** Marks that fall on one pixel are one: what is drawn is bounded by the screen, not by the stream. */
  marks() {
    const layers = Object.fromEntries(Object.keys(TALL).map((style) => [style, new Map()]));
    for (const row of this.scene.rows) {
      const x = Math.round(this.x(row.at)), y = TOP + LANE * row.lane + LANE / 2;
      if (x >= LEFT - 2 && x <= LEFT + this.width + 2) layers[row.style].set([row.lane, x].join(), [x, y]);
    }
    for (const [style, places] of Object.entries(layers)) {
      const height = TALL[style];
      for (const [x, y] of places.values()) {
        draw(this.svg, "rect", { class: style, x: x - 1, y: y - height / 2, width: 3, height, rx: 1 });
      }
    }
    const chosen = this.scene.rows[this.chosen];
    if (chosen) {
      const x = this.x(chosen.at) - 5, y = TOP + LANE * chosen.lane + 2;
      draw(this.svg, "rect", { class: "chosen", x, y, width: 11, height: LANE - 4, rx: 3 });
    }
  }

  box(style, from, to, y, height) {
    const begin = Math.max(LEFT, this.x(from)), width = this.x(to) - begin;
    if (width > 0) draw(this.svg, "rect", { class: style, x: begin, y, width, height });
  }
}

const hint = document.getElementById("hint"), said = document.getElementById("said");
JSON.parse(document.getElementById("data").textContent).forEach((scene, number) => {
  const drawn = new Scene(scene, number);
  document.getElementById("scenes").append(drawn.section);
  drawn.render(); // its width is known only now
});
