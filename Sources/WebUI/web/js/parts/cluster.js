// Whose each shard of a cluster is. A server with a log of its own has no such card.

import { el } from "../dom.js";
import { cell } from "./cell.js";
import { badge } from "./notices.js";
import { count } from "./numbers.js";
import { refill } from "./refill.js";

const OTHERS = {
  moving: "Changing hands, or without an owner for the moment",
  stopped: "Can't be followed by this server",
};

export function clusterCard() {
  const node = el("div", {});
  return {
    node,
    update(cluster) { refill(node, cluster, () => (cluster ? card(cluster) : [])); },
  };
}

function card(cluster) {
  return el("section", { class: "card" },
    el("header", { class: "card-header" }, el("h2", {}, "Cluster")),
    el("div", { class: "table-wrap" }, table(cluster)));
}

function table(cluster) {
  return el("table", { class: "table rows" },
    el("caption", { class: "visually-hidden" }, "Servers and the shards that they own"),
    el("thead", {}, el("tr", {},
      el("th", { scope: "col" }, "Server"),
      el("th", { scope: "col", class: "numeric" }, "Shards"),
      el("th", { scope: "col" }, "Which"))),
    el("tbody", {}, rows(cluster).map((row) => el("tr", {},
      cell("Server", [
        el("span", {}, row.name),
        row.isHere && [" ", badge("accent", "This server")],
        row.isBad && [" ", badge("bad", "Look at the server’s log")]]),
      cell("Shards", count(row.shards.length), "numeric"),
      cell("Which", ranges(row.shards))))));
}

// Servers in the order of their addresses; what has no owner comes last.
function rows(cluster) {
  const owners = new Map([[cluster.this_server, []]]);
  const others = new Map();
  for (const { shard, standing, owner } of cluster.shards) {
    const isOwned = standing === "here" || standing === "elsewhere";
    const [groups, key] = isOwned ? [owners, owner] : [others, standing];
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(shard);
  }
  return [
    ...[...owners].sort(([left], [right]) => (left < right ? -1 : 1)).map(([name, shards]) => (
      { name, shards, isHere: name === cluster.this_server })),
    ...[...others].map(([standing, shards]) => (
      { name: OTHERS[standing], shards, isBad: standing === "stopped" })),
  ];
}

// 0–3, 7, 9–10
function ranges(numbers) {
  const parts = [];
  for (const number of numbers) {
    const last = parts[parts.length - 1];
    if (last && last[1] === number - 1) last[1] = number; else parts.push([number, number]);
  }
  const texts = parts.map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`));
  return texts.join(", ") || "None";
}
