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
    .toolbar input[type=search]{flex:1 1 260px;min-width:180px}
    input,select,button{font:inherit;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:6px;padding:5px 9px}
    button{cursor:pointer}:focus-visible{outline:2px solid var(--accent);outline-offset:1px}
    fieldset{border:0;margin:0;padding:0;display:flex;gap:10px}legend{position:absolute;left:-9999px}
    .keys{color:var(--soft);font-size:12px}#shown{color:var(--soft);margin:8px 0}
    #cards{list-style:none;margin:0;padding:0}.card{background:var(--card);border:1px solid var(--line);
    border-left:4px solid var(--low);border-radius:8px;margin:8px 0}.card.critical{border-left-color:var(--critical)}
    .card.high{border-left-color:var(--high)}.card.medium{border-left-color:var(--medium)}
    .card[hidden]{display:none}.card.current{outline:2px solid var(--accent)}
    summary{cursor:pointer;padding:10px 14px;list-style-position:inside}.title{font-weight:600}
    .severity{display:inline-block;min-width:62px;font-size:12px;font-weight:600;text-transform:uppercase}
    .critical .severity{color:var(--critical)}.high .severity{color:var(--high)}.medium .severity{color:var(--medium)}
    .low .severity{color:var(--low)}
    .badge{display:inline-block;border:1px solid var(--line);border-radius:10px;padding:0 8px;font-size:12px;color:var(--soft)}
    .badge.live{background:var(--bad);border-color:var(--bad);color:var(--bg);font-weight:700}
    .badge.dead{color:var(--good);border-color:var(--good)}.badge.head{color:var(--bad);border-color:var(--bad)}
    .timeline{display:block;width:100%;height:12px;margin-top:6px}.rail{fill:var(--line)}.bar{fill:var(--accent)}
    .timeline .dead{fill:var(--good)}.timeline .live{fill:var(--bad)}
    details>:not(summary){margin:6px 14px}.advice{font-weight:600}.small,time{color:var(--soft);font-size:13px}
    table{border-collapse:collapse;width:calc(100% - 28px)}th,td{text-align:left;vertical-align:top;padding:4px 8px 4px 0;
    border-bottom:1px solid var(--line);font-size:13px}th{color:var(--soft);font-weight:600}
    .clean{font-size:18px;color:var(--good)}footer{color:var(--soft);font-size:13px}
    @media print{.toolbar,#shown{display:none}.card{break-inside:avoid}body{background:#fff;color:#000}
    details>:not(summary){display:revert}}
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
      let current = null;
      const visible = () => cards.filter(card => !card.hidden);
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
        const list = visible();
        if (!list.length) return;
        const at = list.indexOf(current);
        mark(list[Math.min(list.length - 1, Math.max(0, at < 0 ? (step > 0 ? 0 : list.length - 1) : at + step))]);
      };
      const openAll = open => { for (const card of cards) card.querySelector('details').open = open; };
      query.addEventListener('input', filter);
      for (const control of [rule, state, ...boxes]) control.addEventListener('change', filter);
      expand.addEventListener('click', () => {
        const open = expand.textContent === 'Open all';
        openAll(open);
        expand.textContent = open ? 'Close all' : 'Open all';
      });
      document.addEventListener('keydown', event => {
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        if (event.key === 'Escape') { query.value = ''; filter(); query.blur(); return; }
        if (event.target instanceof HTMLInputElement && event.target.type === 'search') return;
        if (event.target instanceof HTMLSelectElement) return;
        if (event.key === '/') { event.preventDefault(); query.focus(); }
        if (event.key === 'j') move(1);
        if (event.key === 'k') move(-1);
      });
      window.addEventListener('beforeprint', () => openAll(true));
      filter();
    })();
    """
}
