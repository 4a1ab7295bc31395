/// The page's style: system fonts, two themes, one column on a phone.
enum ReportStyle {
    static let css = """

        :root { --page: #fbfbfa; --card: #fff; --ink: #1c1d1f; --soft: #5c6066; --rule: #dfe1e4;
          --c1: #2563eb; --c2: #c4321c; --c3: #6b7280; --c4: #b45309; --c5: #0f766e; --c6: #7c3aed;
          --good: #15803d; --warn: #fff6df; --warnrule: #e2b23c; }
        @media (prefers-color-scheme: dark) { :root { --page: #141517; --card: #1c1e21;
          --ink: #eceded; --soft: #a2a7ae; --rule: #34373c; --c1: #7ba4ff; --c2: #ff8066;
          --c3: #9aa0a8; --c4: #f2b14a; --c5: #4fd1c0; --c6: #b79bff; --good: #5dd48a;
          --warn: #2c2614; --warnrule: #8a6d1f; } }
        * { box-sizing: border-box; }
        body { margin: 0 auto; max-width: 1160px; padding: 24px 16px 48px; color: var(--ink);
          background: var(--page); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto,
          "Helvetica Neue", Arial, sans-serif; }
        h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 8px; overflow-wrap: anywhere; }
        h2 { font-size: 1.1rem; margin: 32px 0 8px; }
        h3 { font-size: 1rem; margin: 0; }
        header p { margin: 0 0 8px; max-width: 75ch; color: var(--soft); }
        header strong { color: var(--ink); font-weight: 600; }
        .kicker { font-size: .85rem; letter-spacing: .02em; }
        .tiles { display: grid; gap: 12px; margin: 20px 0 0;
          grid-template-columns: repeat(auto-fit, minmax(128px, 1fr)); }
        .tiles div { background: var(--card); border: 1px solid var(--rule); border-radius: 8px;
          padding: 10px 14px; }
        .tiles dt { color: var(--soft); font-size: .85rem; }
        .tiles dd { margin: 0; font-size: 1.3rem; font-weight: 600; white-space: nowrap;
          font-variant-numeric: tabular-nums; }
        .tiles .bad dd { color: var(--c2); }
        .warnings { background: var(--warn); border-left: 4px solid var(--warnrule);
          border-radius: 4px; padding: 10px 16px; margin-top: 20px; }
        .warnings h2 { margin: 0; }
        .warnings ul { margin: 4px 0 0; padding-left: 1.2em; }
        .charts { display: grid; gap: 16px; margin-top: 20px;
          grid-template-columns: repeat(auto-fit, minmax(min(100%, 460px), 1fr)); }
        .chart { margin: 0; background: var(--card); border: 1px solid var(--rule);
          border-radius: 8px; padding: 14px 14px 8px; display: flex; flex-direction: column; }
        .chart figcaption p { margin: 0; color: var(--soft); font-size: .85rem; }
        .chart svg { width: 100%; height: auto; display: block; margin-top: auto; }
        .legend { display: flex; flex-wrap: wrap; gap: 2px 16px; list-style: none; margin: 6px 0 0;
          padding: 0; font-size: .85rem; }
        .legend i { display: inline-block; width: 18px; margin-right: 6px; vertical-align: middle;
          border-top: 3px solid; }
        .legend i.dashed { border-top-style: dashed; }
        svg text { font-size: 12.5px; fill: var(--soft); font-variant-numeric: tabular-nums; }
        svg .name { font-size: 12px; }
        svg .note { fill: var(--ink); font-size: 12px; paint-order: stroke; stroke: var(--card);
          stroke-width: 4px; }
        svg line { stroke: var(--rule); stroke-width: 1; }
        svg line.axis { stroke: var(--soft); }
        svg line.level { stroke: var(--c4); stroke-dasharray: 2 4; stroke-width: 1.5; }
        polyline { fill: none; stroke-width: 2.25; stroke-linejoin: round; stroke: currentColor; }
        polyline.dashed { stroke-dasharray: 6 5; stroke-width: 1.75; }
        polygon.fill { fill: currentColor; opacity: .13; stroke: none; }
        circle { stroke-width: 2; }
        circle.good { fill: var(--good); stroke: var(--card); }
        circle.bad { fill: var(--card); stroke: var(--c2); }
        .c1 { color: var(--c1); } .c2 { color: var(--c2); } .c3 { color: var(--c3); }
        .c4 { color: var(--c4); } .c5 { color: var(--c5); } .c6 { color: var(--c6); }
        .scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--rule);
          border-radius: 8px; }
        table { border-collapse: collapse; width: 100%; font-size: .92rem; }
        th, td { padding: 7px 14px; text-align: left; font-weight: 400;
          font-variant-numeric: tabular-nums; }
        thead th { color: var(--soft); font-size: .85rem; }
        tbody tr { border-top: 1px solid var(--rule); }
        tbody th { font-weight: 600; white-space: nowrap; }
        .n { text-align: right; white-space: nowrap; }
        .facts .n { white-space: normal; }
        .facts tbody th { white-space: normal; }
        .charts section { display: flex; flex-direction: column; }
        .charts h2 { margin-top: 0; }
        code { font: .88rem/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace;
          overflow-wrap: anywhere; }
        section > p { max-width: 90ch; }
        @media print { body { max-width: none; } .chart, .scroll { break-inside: avoid; } }

        """
}
