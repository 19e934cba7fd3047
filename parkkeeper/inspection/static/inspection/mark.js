// Marks areas on a picture by dragging; the text field below stays the truth, so that it works by keyboard and without this.
(() => {
  const box = document.querySelector(".redact"), field = document.querySelector("[data-areas]");
  if (!box || !field) return;
  const svg = box.querySelector("svg"), undo = document.querySelector("[data-undo-area]");
  const lines = () => field.value.split("\n").map(line => line.trim()).filter(Boolean);
  const rounded = n => Math.round(n * 10) / 10;

  function draw(extra) {
    const areas = lines().map(line => line.split(/[\s,，]+/).map(Number)).filter(a => a.length === 4 && a.every(Number.isFinite));
    svg.replaceChildren(...[...areas, ...(extra ? [extra] : [])].map(([x, y, width, height]) => {
      const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      Object.entries({ x, y, width, height }).forEach(([name, value]) => rect.setAttribute(name, value));
      return rect;
    }));
    undo.hidden = !areas.length;
  }

  let from = null;
  const place = event => {
    const edge = box.getBoundingClientRect();
    const share = (at, begin, size) => Math.min(100, Math.max(0, (at - begin) / size * 100));
    return [share(event.clientX, edge.left, edge.width), share(event.clientY, edge.top, edge.height)];
  };
  const area = to => [Math.min(from[0], to[0]), Math.min(from[1], to[1]), Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1])];
  box.addEventListener("pointerdown", event => {
    from = place(event);
    box.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  box.addEventListener("pointermove", event => from && draw(area(place(event))));
  box.addEventListener("pointerup", event => {
    const [x, y, width, height] = area(place(event)).map(rounded);
    from = null;
    if (width >= 0.5 && height >= 0.5) {
      field.value = [...lines(), [x, y, Math.min(width, 100 - x), Math.min(height, 100 - y)].map(rounded).join(" ")].join("\n");
    }
    draw();
  });
  box.addEventListener("pointercancel", () => { from = null; draw(); });
  undo.addEventListener("click", () => { field.value = lines().slice(0, -1).join("\n"); draw(); });
  field.addEventListener("input", () => draw());
  draw();
})();
