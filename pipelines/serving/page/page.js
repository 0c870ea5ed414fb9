// One source at a time; rows by agency, field and words; the headline counted anew from the counts by agency and field.
"use strict";
(() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const data = read("data"), words = read("words");
  const vietnamese = document.documentElement.lang === "vi";
  const byId = (id) => document.getElementById(id);
  const [agency, field, text] = ["agency", "field", "text"].map(byId);
  const sources = [...document.querySelectorAll("div.source")];

  const separated = (digits) => digits.replace(/\B(?=(\d{3})+$)/g, vietnamese ? "." : ",");
  const number = (n) => (n < 0 ? "−" : "") + separated(String(Math.abs(n)));
  // hundredths of a percent → 99,94
  const hundredths = (n) => {
    const whole = Math.floor(Math.abs(n) / 100), rest = String(Math.abs(n) % 100).padStart(2, "0");
    return (n < 0 ? "−" : "") + separated(String(whole)) + (vietnamese ? "," : ".") + rest;
  };
  // rounded half up, in whole numbers, as warehouse.status.percent does
  const share = (part, whole) => (whole ? Math.floor((20000 * part + whole) / (2 * whole)) : null);

  // đ has no decomposition; the others lose their marks
  const folded = (s) => s.normalize("NFD").replace(/\p{M}/gu, "").replace(/[đĐ]/g, "d").toLowerCase();
  const within = (code, chosen) => !chosen || code === chosen || code.startsWith(chosen + ".");

  const sum = (lines, from, to) => {
    const sums = Array(to - from).fill(0);
    for (const line of lines) for (let i = from; i < to; i++) sums[i - from] += line[i];
    return sums;
  };
  // What each figure is of, said of what is chosen; a text without places stays as it is.
  const under = (name, [received, early, onTime, late, inTime, overdue]) => {
    const told = { early, on_time: onTime, late, good: early + onTime, resolved: early + onTime + late,
      pending: inTime + overdue, overdue };
    return words.under[name].replace(/\{(\w+)\}/g, (_, place) => number(told[place]));
  };
  const figures = ([received, early, onTime, late, inTime, overdue, dueSoon, apologies, waiting, reappointed]) => ({
    received, resolved: early + onTime + late, rate: share(early + onTime, early + onTime + late),
    overdue, due_soon: dueSoon, apologies, waiting, reappointed,
  });
  const figuresOfLastYear = ([resolved, inTime, overdue, early, onTime, late]) => ({
    received: resolved + inTime + overdue, resolved, rate: share(early + onTime, early + onTime + late), overdue,
  });
  const chosenLines = (lines) => lines.filter((line) =>
    within(data.agencies[line[0]], agency.value) && (!field.value || data.fields[line[1]] === field.value));
  const good = { rate: 1, overdue: -1, apologies: -1, waiting: -1, reappointed: -1 };

  const showChange = (cell, name, now, then) => {
    const known = now !== null && then !== undefined && then !== null;
    const by = known ? now - then : 0, way = good[name] || 0;
    const said = name === "rate" ? `${hundredths(by)} ${words.points}` : number(by);
    cell.textContent = known ? (by > 0 ? "+" : "") + said : "–";
    cell.classList.remove("better", "worse", "same");
    cell.classList.add(!known || !by || !way ? "same" : by > 0 === way > 0 ? "better" : "worse");
  };

  // What the page said when it was made stands there again when nothing is chosen.
  const written = new Map([...document.querySelectorAll(".card")].map((card) => [card, card.innerHTML]));
  const warm = new Map([...written.keys()].map((card) => [card, card.classList.contains("warm")]));
  const headline = (source) => {
    const counts = data.sources[source.dataset.source], chosen = agency.value || field.value;
    const sums = sum(chosenLines(counts.now), 2, 12), now = figures(sums);
    const before = counts.before ? figures(sum(chosenLines(counts.before), 2, 12)) : {};
    // days are not told by field
    const last = counts.last && !field.value
      ? figuresOfLastYear(sum(counts.last.filter((line) => within(data.agencies[line[0]], agency.value)), 1, 7)) : {};
    for (const card of source.querySelectorAll(".card")) {
      const name = card.dataset.measure, value = now[name];
      if (!chosen) {
        card.innerHTML = written.get(card);
        card.classList.toggle("warm", warm.get(card));
        continue;
      }
      card.classList.toggle("warm", good[name] < 0 && value > 0);
      card.querySelector(".value").textContent =
        value === null ? "–" : name === "rate" ? hundredths(value) + (vietnamese ? " %" : "%") : number(value);
      card.querySelector(".under").textContent = under(name, sums);
      showChange(card.querySelector(".before"), name, value, before[name]);
      showChange(card.querySelector(".last"), name, value, last[name]);
    }
  };

  const texts = new WeakMap();
  const textOf = (row) => {
    if (!texts.has(row)) texts.set(row, folded(row.textContent));
    return texts.get(row);
  };
  const rowsOf = (table) => {
    const asked = folded(text.value.trim()), isList = table.parentElement.classList.contains("list");
    const rows = [...table.tBodies[0].rows];
    let shown = 0, filtered = false;
    for (const row of rows) {
      const { a, f } = row.dataset;
      const byAgency = a !== undefined && agency.value, byField = f !== undefined && field.value;
      const bySearch = isList && asked;
      filtered = filtered || Boolean(byAgency || byField || bySearch);
      row.hidden = Boolean((byAgency && !within(a, agency.value)) || (byField && f !== field.value) ||
        (bySearch && !textOf(row).includes(asked)));
      shown += !row.hidden;
    }
    if (table.tFoot) table.tFoot.hidden = filtered;
    table.querySelector(".matching").textContent = filtered ? `(${words.rows.replace("#", number(shown))})` : "";
  };

  const apply = () => {
    sources.forEach(headline);
    document.querySelectorAll("main table").forEach(rowsOf);
    const says = byId("filtered");
    says.textContent = agency.value || field.value ? says.dataset.filter : text.value.trim() ? says.dataset.search : "";
  };

  const choose = (name) => {
    for (const source of sources) source.hidden = source.dataset.source !== name;
    for (const button of document.querySelectorAll(".sources button"))
      button.setAttribute("aria-pressed", String(button.dataset.source === name));
  };
  const reveal = () => {
    const target = location.hash.length > 1 && byId(decodeURIComponent(location.hash.slice(1)));
    const source = target && target.closest("div.source");
    if (source && source.hidden) choose(source.dataset.source);
    if (target) target.scrollIntoView();
  };

  // Without script every source stands on the page, one below the other, and there is nothing to filter with.
  for (const control of ["bar", "sources"]) if (byId(control)) byId(control).hidden = false;
  if (sources.length) choose(sources[0].dataset.source);
  document.querySelectorAll(".sources button").forEach((button) =>
    button.addEventListener("click", () => choose(button.dataset.source)));
  for (const select of [agency, field]) select.addEventListener("change", apply);
  text.addEventListener("input", apply);
  document.querySelector(".filter").addEventListener("submit", (event) => event.preventDefault());
  document.querySelector(".filter").addEventListener("reset", () => setTimeout(apply));
  // A figure of a row leads to its list, of that row's agency.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-pick]");
    if (!link) return;
    agency.value = link.dataset.pick;
    apply();
  });
  window.addEventListener("hashchange", reveal);
  reveal();

  const days = Math.floor((Date.now() - Date.parse(document.body.dataset.made)) / 86400000);
  if (days > 2) {
    const old = byId("old");
    old.textContent = old.dataset.text.replace("#", number(days));
    old.hidden = false;
  }
})();
