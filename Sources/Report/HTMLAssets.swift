// The style and the script of the HTML page. The page's security policy names their hashes, so nothing else can run.

enum HTMLAssets {
  static let style = """
    :root{color-scheme:light dark;--bg:#fbfbfa;--fg:#1c1d1f;--soft:#5d6168;--line:#dcdcd8;--card:#fff;--accent:#1f5fbf;
    --critical:#a3123a;--high:#c2410c;--medium:#946200;--low:#2f6f74;--good:#1d6b38;--bad:#a3123a}
    @media (prefers-color-scheme:dark){:root{--bg:#151618;--fg:#e8e8e6;--soft:#a2a6ad;--line:#34363a;--card:#1d1f22;
    --accent:#82b1ff;--critical:#ff7b93;--high:#ff9d66;--medium:#e8bd57;--low:#6fc3c9;--good:#79cf95;--bad:#ff7b93}}
    *{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--fg);
    font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
    header,main,footer{max-width:1080px;margin:0 auto;padding:16px 20px}h1{margin:0;font-size:22px}h2{font-size:17px}
    code{font:13px/1.4 ui-monospace,"DejaVu Sans Mono",Menlo,monospace;overflow-wrap:anywhere}
    .target{margin:2px 0 14px;color:var(--soft)}.tiles{display:flex;flex-wrap:wrap;gap:10px}
    .tile{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:8px 14px;min-width:112px}
    .tile b{display:block;font-size:24px;line-height:1.2}.tile span{color:var(--soft);font-size:13px}
    .tile.bad b,.bad{color:var(--bad)}.tile.good b,.good{color:var(--good)}
    .toolbar{position:sticky;top:0;z-index:1;background:var(--bg);display:flex;flex-wrap:wrap;gap:8px;align-items:center;
    padding:10px 0;border-bottom:1px solid var(--line)}
    .toolbar input[type=search]{flex:1 1 260px;min-width:180px}.toolbar select{max-width:230px;min-width:0}
    input,select,button{font:inherit;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:6px;padding:5px 9px}
    button{cursor:pointer}:focus-visible{outline:2px solid var(--accent);outline-offset:1px}
    fieldset{border:0;margin:0;padding:0;display:flex;gap:10px}legend{position:absolute;left:-9999px}
    .keys{color:var(--soft);font-size:12px}#shown{color:var(--soft);margin:8px 0}
    #cards{list-style:none;margin:0;padding:0}.card{background:var(--card);border:1px solid var(--line);
    border-left:4px solid var(--low);border-radius:8px;margin:8px 0}.card.critical{border-left-color:var(--critical)}
    .card.high{border-left-color:var(--high)}.card.medium{border-left-color:var(--medium)}
    .card,summary{scroll-margin-top:120px}.card[hidden]{display:none}.card.current{outline:2px solid var(--accent)}
    summary{cursor:pointer;padding:10px 14px;list-style-position:inside}.title{font-weight:600}
    .severity{display:inline-block;min-width:62px;font-size:12px;font-weight:600;text-transform:uppercase}
    .critical .severity{color:var(--critical)}.high .severity{color:var(--high)}.medium .severity{color:var(--medium)}
    .low .severity{color:var(--low)}
    .badge{display:inline-block;border:1px solid var(--line);border-radius:10px;padding:0 8px;font-size:12px;color:var(--soft)}
    .badge.live{background:var(--bad);border-color:var(--bad);color:var(--bg);font-weight:700}
    .badge.dead{color:var(--good);border-color:var(--good)}.badge.head{color:var(--bad);border-color:var(--bad)}
    .line{display:flex;flex-wrap:wrap;justify-content:space-between;gap:2px 16px;margin-top:2px;font-size:13px;color:var(--soft)}
    .where code{font-size:12.5px}.when{white-space:nowrap}
    svg.timeline{display:block;margin-top:4px;overflow:visible}.rail{fill:var(--line)}.timeline .bar{fill:var(--soft)}
    .timeline .bar.open{fill:var(--bad)}.timeline .bar.past{fill:var(--accent)}
    .timeline .dead,.timeline .rotated{fill:var(--good);stroke:var(--card);stroke-width:1.5}
    .timeline .rotated{fill:var(--card);stroke:var(--good);stroke-width:3}
    .timeline .live{fill:var(--bad);stroke:var(--card);stroke-width:1.5}.timeline .out{fill:var(--card);stroke:var(--soft);stroke-width:2}
    svg.axis{display:block;margin:4px 0 2px;padding:0 18px;overflow:visible}.axis text{fill:var(--soft);font-size:11px}
    .legend{display:flex;flex-wrap:wrap;gap:4px 18px;color:var(--soft);font-size:12px;margin:12px 0}
    .first{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:10px 18px;margin:4px 0 14px}
    .first h2{margin:0 0 4px}.first ol{margin:0;padding-left:24px}.first li{padding:2px 0}.first p{margin:6px 0 2px}
    .first a{color:inherit;font-weight:600}.first .where{color:var(--soft);font-size:13px}
    .first .why{font-size:12px;font-weight:600;white-space:nowrap}.critical .why{color:var(--critical)}.high .why{color:var(--high)}
    .medium .why{color:var(--medium)}.low .why{color:var(--low)}.card.closed{opacity:.75}
    .events{list-style:none;padding:0;font-size:13px}.events li{padding:1px 0 1px 14px;border-left:3px solid var(--line)}
    .events .in{border-left-color:var(--bad)}.events .live{border-left-color:var(--bad)}
    .events .dead,.events .rotated{border-left-color:var(--good)}
    kbd{font:inherit;border:1px solid var(--line);border-radius:4px;padding:0 4px;background:var(--card)}
    details>:not(summary){margin:6px 14px}.advice{font-weight:600}.small,time{color:var(--soft);font-size:13px}
    table{border-collapse:collapse;width:calc(100% - 28px)}th,td{text-align:left;vertical-align:top;padding:4px 8px 4px 0;
    border-bottom:1px solid var(--line);font-size:13px}th{color:var(--soft);font-weight:600}
    .clean{font-size:18px;color:var(--good)}footer{color:var(--soft);font-size:13px}
    @media (max-width:720px){.toolbar{position:static}.toolbar select{flex:1 1 40%;max-width:none}.keys{display:none}
    .when,.first .why{white-space:normal}thead{display:none}table,tbody,tr,td{display:block}tr{border-bottom:1px solid var(--line);padding:4px 0}
    td{border:0;padding:1px 0}td:empty{display:none}td::before{content:attr(data-label) " ";color:var(--soft);display:inline-block;min-width:92px}
    table{width:auto}}
    @media print{:root{--bg:#fff;--fg:#000;--soft:#444;--line:#bbb;--card:#fff;--accent:#1f5fbf;--critical:#a3123a;
    --high:#c2410c;--medium:#946200;--low:#2f6f74;--good:#1d6b38;--bad:#a3123a}
    *{-webkit-print-color-adjust:exact;print-color-adjust:exact}
    .toolbar,#shown{display:none}header,main,footer{max-width:none;padding:6px 0}.card{break-inside:avoid-page}
    .card[hidden]{display:none}summary{list-style:none}tr,.first{break-inside:avoid}a{text-decoration:none}}
    """

  static let script = """
    'use strict';
    (() => {
      const cards = Array.from(document.querySelectorAll('.card'));
      const query = document.getElementById('query');
      if (!query) return;
      const rule = document.getElementById('rule');
      const state = document.getElementById('state');
      const boxes = Array.from(document.querySelectorAll('input[name=severity]'));
      const shown = document.getElementById('shown');
      const expand = document.getElementById('expand');
      const sort = document.getElementById('sort');
      const list = document.getElementById('cards');
      let current = null;
      let ordered = cards;
      const visible = () => ordered.filter(card => !card.hidden);
      const number = (card, name, none) => card.dataset[name] === '' ? none : Number(card.dataset[name]);
      const orders = {
        rank: (a, b) => number(a, 'rank') - number(b, 'rank'),
        new: (a, b) => number(b, 'first', -Infinity) - number(a, 'first', -Infinity) || orders.rank(a, b),
        old: (a, b) => number(a, 'first', Infinity) - number(b, 'first', Infinity) || orders.rank(a, b),
        places: (a, b) => number(b, 'places') - number(a, 'places') || orders.rank(a, b),
      };
      const arrange = () => {
        ordered = Array.from(cards).sort(orders[sort.value]);
        list.append(...ordered);
      };
      const mark = card => {
        if (current) current.classList.remove('current');
        current = card;
        if (!card) return;
        card.classList.add('current');
        card.querySelector('summary').focus({preventScroll: true});
        card.scrollIntoView({block: 'nearest'});
      };
      const inState = card => {
        switch (state.value) {
          case 'live': return card.dataset.state === 'live';
          case 'dead': return card.dataset.state === 'dead';
          case 'open': return card.dataset.state !== 'dead';
          case 'head': return card.dataset.head === 'true';
          case 'suppressed': return card.dataset.suppressed === 'true';
          default: return true;
        }
      };
      const filter = () => {
        const words = query.value.toLowerCase().split(/\\s+/).filter(Boolean);
        const severities = new Set(boxes.filter(box => box.checked).map(box => box.value));
        for (const card of cards) {
          const data = card.dataset;
          card.hidden = !(severities.has(data.severity) && (!rule.value || data.rule === rule.value) && inState(card)
            && words.every(word => data.search.includes(word)));
        }
        const count = visible().length;
        shown.textContent = count === cards.length ? `${count} shown` : `${count} of ${cards.length} shown`;
        if (current && current.hidden) mark(null);
      };
      const move = step => {
        const seen = visible();
        if (!seen.length) return;
        const at = seen.indexOf(current);
        mark(seen[Math.min(seen.length - 1, Math.max(0, at < 0 ? (step > 0 ? 0 : seen.length - 1) : at + step))]);
      };
      const openAll = open => { for (const card of visible()) card.querySelector('details').open = open; };
      // A link to a card shows it, whatever the filters say.
      const reveal = () => {
        const card = location.hash.startsWith('#f') && document.getElementById(location.hash.slice(1));
        if (!card) return;
        if (card.hidden) clear();
        card.querySelector('details').open = true;
        mark(card);
        card.scrollIntoView({block: 'center'});
      };
      const clear = () => {
        query.value = '';
        rule.value = state.value = '';
        for (const box of boxes) box.checked = true;
        filter();
      };
      query.addEventListener('input', filter);
      for (const control of [rule, state, ...boxes]) control.addEventListener('change', filter);
      sort.addEventListener('change', arrange);
      window.addEventListener('hashchange', reveal);
      for (const link of document.querySelectorAll('.first a')) {
        link.addEventListener('click', () => { if (location.hash === link.getAttribute('href')) reveal(); });
      }
      expand.addEventListener('click', () => {
        const open = expand.textContent === 'Open all';
        openAll(open);
        expand.textContent = open ? 'Close all' : 'Open all';
      });
      document.addEventListener('keydown', event => {
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        if (event.key === 'Escape') { clear(); query.blur(); return; }
        if (event.target instanceof HTMLInputElement && event.target.type === 'search') return;
        if (event.target instanceof HTMLSelectElement) return;
        if (event.key === '/') { event.preventDefault(); query.focus(); }
        if (event.key === 'j') move(1);
        if (event.key === 'k') move(-1);
      });
      // On paper nothing can be opened; what was closed is closed again after it.
      let closed = [];
      window.addEventListener('beforeprint', () => {
        const fresh = visible().map(card => card.querySelector('details')).filter(details => !details.open);
        for (const details of fresh) details.open = true;
        closed = closed.concat(fresh);
      });
      window.addEventListener('afterprint', () => {
        for (const details of closed) details.open = false;
        closed = [];
      });
      filter();
      reveal();
    })();
    """
}
