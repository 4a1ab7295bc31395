// Says how SQLite syncs the connection that writes, and makes it sync each commit when asked to.
onBootstrap((event) => {
  event.next();
  if ($os.getenv("BENCH_SYNCHRONOUS") === "FULL") {
    $app.nonconcurrentDB().newQuery("PRAGMA synchronous = FULL").execute();
  }
});

routerAdd("GET", "/bench/synchronous", (event) => {
  const answer = new DynamicModel({ synchronous: 0 });
  $app.nonconcurrentDB().newQuery("PRAGMA synchronous").one(answer);
  return event.json(200, { synchronous: answer.synchronous });
});
