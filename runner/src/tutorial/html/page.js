// Copies what is typed, without its prompt.
const copy = (button, text) => {
  const done = () => {
    button.textContent = "copied";
    setTimeout(() => (button.textContent = "copy"), 1200);
  };
  const area = () => {
    const field = document.createElement("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
    done();
  };
  // A page that is opened from disk may have no clipboard.
  if (navigator.clipboard) navigator.clipboard.writeText(text).then(done, area);
  else area();
};
const offer = (place, source) => {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "copy";
  button.onclick = () => copy(button, source.textContent.replace(/\n$/, ""));
  place.append(button);
};
for (const line of document.querySelectorAll(".typed")) offer(line, line.querySelector("code"));
for (const code of document.querySelectorAll(".prose pre")) offer(code, code.querySelector("code"));

// The contents list shows where the reader is.
const links = new Map([...document.querySelectorAll("nav a")].map((it) => [it.hash.slice(1), it]));
const headings = [...document.querySelectorAll("main [id]")].filter((it) => links.has(it.id));
const follow = () => {
  const read = headings.filter((it) => it.getBoundingClientRect().top < 120);
  const here = read.length ? read[read.length - 1] : headings[0];
  for (const [id, link] of links) link.classList.toggle("here", here && id === here.id);
};
addEventListener("scroll", follow, { passive: true });
follow();
