"""Holds pictures against the JSON that explain printed: structure (strict XML, nothing that acts or fetches, titles and descriptions) and
the values read back out of the drawings. Knows nothing of the program's own drawing code.
  pictures_check.py JSON HTML [NAME=SVG ..]     prints what is wrong, a line each, and last how many checks there were"""
import hashlib
import json
import re
import sys
import xml.etree.ElementTree as ET
from datetime import datetime

OWN = set('…✓✗–·')
SVG = '{http://www.w3.org/2000/svg}'
TAGS = set('html head meta title style body main header nav section p h1 h2 h3 a dl dt dd div span strong pre figure details summary table caption '
           'thead tbody tr th td svg desc g rect line circle path text'.split())
ATTRS = set('lang charset http-equiv content name href class id aria-label aria-labelledby role viewBox width height x y x1 y1 x2 y2 cx cy r rx d '
            'transform scope colspan data-k data-name data-i'.split())
checks, wrong = 0, []


def is_true(good, what):
    global checks
    checks += 1
    if not good:
        wrong.append(what)


def local(e):
    return e.tag.replace(SVG, '')


def words(e):
    return [''.join(t.itertext()) for t in e.iter() if local(t) == 'text']


def shown(s):
    """A text as the pictures spell it."""
    return ''.join(c if ' ' <= c <= '~' else '\\u{%x}' % ord(c) for c in s)


def cut(text, whole):
    """text is whole, or its beginning and dots."""
    return text == whole or (text.endswith('…') and whole.startswith(text[:-1]))


def structure(where, raw, root):
    text = raw.decode('utf-8')
    is_true(all(' ' <= c <= '~' or c == '\n' or c in OWN for c in text), f'{where}: characters that are not spelled out')
    ids = []
    for e in root.iter():
        is_true(local(e) in TAGS, f'{where}: element {e.tag}')
        for k, v in e.attrib.items():
            is_true(k in ATTRS, f'{where}: attribute {k}')
            is_true(k != 'href' or re.fullmatch(r'#[a-z]+', v), f'{where}: href {v[:60]}')
            is_true(k not in ('x', 'y', 'width', 'height', 'd', 'x1', 'y1', 'x2', 'y2', 'viewBox', 'transform') or not re.search('nan|inf', v), f'{where}: {k}={v[:60]}')
            if k == 'id':
                ids.append(v)
        if local(e) == 'style':
            is_true(not re.search(r'url\s*\(|@import|@font-face|expression|https?:', e.text), f'{where}: a style that fetches')
        if local(e) == 'svg':
            kids = list(e)
            is_true(e.get('role') == 'img' and local(kids[0]) == 'title' and local(kids[1]) == 'desc', f'{where}: no title and description')
            is_true(all((k.text or '').strip() for k in kids[:2]), f'{where}: empty title or description')
            is_true(e.get('aria-labelledby') == f'{kids[0].get("id")} {kids[1].get("id")}', f'{where}: not labelled by them')
    is_true(len(ids) == len(set(ids)), f'{where}: an id twice')
    is_true(text.count('<svg') == sum(local(e) == 'svg' for e in root.iter()), f'{where}: svg in text')


def groups(svg, key):
    return [g for g in svg.iter() if local(g) == 'g' and g.get('data-k') == key]


def ladder(svg, j):
    rungs = groups(svg, 'rung')
    every = ' '.join(words(svg))
    for r in j['registers']:
        events, mine = r.get('events', []), [g for g in rungs if g.get('data-name') == r['name']]
        value, known = bytes(48), True
        seen = {int(g.get('data-i')): words(g) for g in mine}
        for i, e in enumerate(events):
            known = known and e['digest'] is not None
            if known:
                value = hashlib.sha384(value + bytes.fromhex(e['digest'])).digest()
            if i in seen:
                is_true(str(i) == seen[i][0], f'ladder {r["name"]} {i}: number {seen[i]}')
                is_true(not e['event'] or cut(seen[i][1], shown(e['event'])), f'ladder {r["name"]} {i}: event {seen[i]}')
                is_true(seen[i][-1] == (value.hex()[:24] if known else 'no digest in the log'), f'ladder {r["name"]} {i}: running value {seen[i]}')
        is_true(len(seen) == len(mine) <= 40, f'ladder {r["name"]}: {len(mine)} rungs')
        first = r.get('first_difference')
        marked = [int(g.get('data-i')) for g in mine if any('c-diff' in (t.get('class') or '') for t in g)]
        is_true(marked == ([first] if first is not None and first < len(events) else []), f'ladder {r["name"]}: {marked} is marked, not {first}')
        if len(mine) < r.get('events_total', 0):
            is_true(re.search(r'… \d+ more', every), f'ladder {r["name"]}: what is left out is not counted')
        ends = ' '.join(w for g in groups(svg, 'ending') if g.get('data-name') == r['name'] for w in words(g))
        for side in ('actual', 'expected'):
            is_true(r[side] is None or r[side][:38] in ends, f'ladder {r["name"]}: {side}')
    left = sum(int(n) for n in re.findall(r'… (\d+) more', every))
    is_true(left + len(rungs) == sum(r.get('events_total', 0) for r in j['registers']), 'ladder: rungs and what is left out')


def diff(svg, j):
    for r in j['registers']:
        rows = [g for g in groups(svg, 'row') if g.get('data-name') == r['name']]
        if r['status'] == 'not-compared':
            is_true(not rows, f'diff {r["name"]}: rows of nothing')
            continue
        is_true(len(rows) == min(40, len(r.get('rows', []))), f'diff {r["name"]}: {len(rows)} rows')
        for g, row in zip(rows, r.get('rows', [])):
            text = words(g)
            if row['op'] == 'same':
                is_true(text == [f'{row["count"]} event{"s" if row["count"] != 1 else ""} the same'], f'diff {r["name"]}: {text}')
                continue
            for side, events, none in (('expected', 'expected_events', 'not expected'), ('actual', 'events', 'not there')):
                if row[side] is None:
                    is_true(none in text, f'diff {r["name"]}: {text}')
                elif row[side] < len(r[events]):
                    e = r[events][row[side]]
                    is_true(str(row[side]) in text and (not e['digest'] or any(t[:-1] and e['digest'].startswith(t.rstrip('…')) for t in text)), f'diff {r["name"]}: {side} {text}')
    for g in groups(svg, 'cause'):
        c = j['causes'][int(g.get('data-i'))]
        text = ' '.join(words(g))
        is_true(c['id'][:19] in text and shown(c['why'])[:20] in text and c['confidence'] in text, f'diff: cause {text}')


def matrix(svg, j):
    for i, name in enumerate(j['matrix']['inputs']):
        for k, _ in enumerate(j['matrix']['registers']):
            found = [g.get('data-k') for g in svg.iter() if local(g) == 'g' and g.get('data-name') == name and g.get('data-i') == str(k)]
            is_true(found == [j['matrix']['cells'][i][k]], f'matrix {name} {k}: {found}')
            marks = [p for g in svg.iter() if local(g) == 'g' and g.get('data-name') == name and g.get('data-i') == str(k) for p in g.iter() if local(p) == 'path']
            is_true(len(marks) == (j['matrix']['cells'][i][k] != 'none'), f'matrix {name} {k}: marks')


def tcb(svg, j):
    drawn = {(g.get('data-name'), int(g.get('data-i'))): g for g in groups(svg, 'component')}
    heights = {}
    for c in j['tcb']['components']:
        if c['kind'] == 'pcesvn':
            continue
        g = drawn.pop((c['kind'], c['index']))
        is_true(words(g) == [str(c['platform']), str(c['index'] + 1)], f'tcb {c["kind"]} {c["index"]}: {words(g)}')
        bar = [float(r.get('height')) for r in g if local(r) == 'rect' and r.get('class').startswith('f-')]
        is_true(len(bar) == (c['platform'] > 0), f'tcb {c["kind"]} {c["index"]}: a bar for nothing')
        if bar:
            heights.setdefault(c['kind'], []).append(bar[0] / c['platform'])
        is_true(any('fine' in r.get('class') for r in g if local(r) == 'rect') == (c['short'] > 0), f'tcb {c["kind"]} {c["index"]}: short')
        goal = [l for l in g if local(l) == 'line' and l.get('class') == 'goal']
        is_true(len(goal) == ((c['standard'] or 0) > 0), f'tcb {c["kind"]} {c["index"]}: goal')
        early = [l for l in g if local(l) == 'line' and 'l-earl' in l.get('class')]
        is_true(len(early) == (c['early'] is not None and c['early'] > 0 and c['early'] != c['standard']), f'tcb {c["kind"]} {c["index"]}: early')
    is_true(not drawn, f'tcb: {drawn}')
    for kind, v in heights.items():
        is_true(max(v) - min(v) < 0.2, f'tcb {kind}: bars are not to scale')
    for g in groups(svg, 'single'):
        name = g.get('data-name')
        c = {'PCE': j['tcb']['components'][32], 'TDX module': j['tcb']['tdx_module'], 'Quoting enclave': j['tcb']['quoting_enclave']}[name]
        is_true(words(g)[1] == str(c['platform']) and (c['standard'] is None or words(g)[2].startswith(f'of {c["standard"]}')), f'tcb {name}: {words(g)}')


def trust(svg, j):
    facts = groups(svg, 'fact')
    is_true(len(facts) == min(24, len(j['verdict']['anchors'])), 'trust: facts')
    for g, a in zip(facts, j['verdict']['anchors']):
        is_true(cut(words(g)[0], shown(a['fact'])) and cut(words(g)[1], shown(a['assurance'])), f'trust: {words(g)}')
        vouched = a['anchor'] in ('intel-sgx-root', 'test-root', 'sync-committee', 'block-hash-in-config', 'near-block-producers', 'config', 'checkpoint-signers') and a['assurance'] not in ('given', 'unproven')
        is_true(('dash' in g.find(f'{SVG}rect').get('class') if g.tag.startswith(SVG) else 'dash' in g.find('rect').get('class')) == (not vouched), f'trust: {a}')
    anchors = {g.get('data-name') for g in groups(svg, 'anchor')}
    is_true(anchors == {shown(a['anchor'])[:79] + '…' if len(shown(a['anchor'])) > 80 else shown(a['anchor']) for a in j['verdict']['anchors'][:24]}, f'trust: {anchors}')
    paths = [p for p in svg.iter() if local(p) == 'path' and 'l-' in p.get('class')]
    is_true(len(paths) == len(facts), 'trust: an arrow for each fact')


def seconds(s):
    return datetime.strptime(s, '%Y-%m-%dT%H:%M:%SZ').timestamp()


def scaled(t, now):
    """Where the picture of validity has a moment: doublings of its distance from now, in minutes and one; straight within one."""
    n, v = 0, 1 + abs(t - now) / 60
    while v >= 2:
        n, v = n + 1, v / 2
    return (n + v - 1) * (-1 if t < now else 1)


def validity(svg, j):
    drawn, at = groups(svg, 'period'), []
    now = seconds(j['validity']['now'])
    is_true(len(drawn) == min(32, len(j['validity']['periods'])), 'validity: periods')
    for g, p in zip(drawn, j['validity']['periods']):
        is_true(words(g)[0] == p['what'], f'validity: {words(g)}')
        if p['until'] is None:
            dot = [c for c in g if local(c) == 'circle'][0]
            at.append((scaled(seconds(p['from']), now), float(dot.get('cx'))))
            continue
        bar = [r for r in g if local(r) == 'rect'][0]
        x, w = float(bar.get('x')), float(bar.get('width'))
        at.append((scaled(seconds(p['from']), now), x))
        if w > 3:
            at.append((scaled(seconds(p['until']), now), x + w))
        good = seconds(p['from']) <= now <= seconds(p['until'])
        is_true(('f-same' if good else 'f-diff') == bar.get('class'), f'validity: {p}')
        far = (seconds(p['until']) - now if good else now - seconds(p['until']) if now > seconds(p['until']) else seconds(p['from']) - now) / 86400
        is_true(far < 2 or re.match(rf'{far:.0f} days ' if far < 3 * 365 else rf'{far / 365:.1f} years ', words(g)[1]), f'validity: {words(g)}, not {far}')
    line = [l for l in svg.iter() if local(l) == 'line' and l.get('class') == 'l-unkn'][0]
    at.append((0, float(line.get('x1'))))
    at.sort()
    (t0, x0), (t1, x1) = at[0], at[-1]
    is_true(t1 == t0 or all(abs(x0 + (x1 - x0) * (t - t0) / (t1 - t0) - x) < 0.3 for t, x in at), f'validity: not to scale: {[(round(t, 2), x) for t, x in at]}')


def strip(svg, j):
    for g, s in zip(groups(svg, 'stage'), j['verdict']['stages']):
        text = words(g)
        is_true(text[0] == shown(s['stage']), f'strip: {text}')
        if s['status'] is None:
            is_true(text[1] == 'not reached', f'strip: {text}')
        elif s['status'] != 'not_run':
            is_true(abs(float(text[1].split()[0]) - s['us'] / 1000) <= 0.5 + s['us'] / 1e5 * 0 and text[1].endswith(' ms'), f'strip: {text}, {s}')
    is_true(len(groups(svg, 'stage')) == min(12, len(j['verdict']['stages'])), 'strip: stages')


def main():
    j = json.load(open(sys.argv[1], encoding='utf-8'))
    raw = open(sys.argv[2], 'rb').read()
    page = ET.fromstring(raw)
    structure('page', raw, page)
    has = {s.get('id'): s for s in page.iter('section')}
    is_true(list(has) == ['ladder', 'diff', 'matrix', 'tcb', 'trust', 'validity', 'strip'], 'page: sections')
    there = {'ladder': bool(j['registers']), 'diff': any(r['status'] != 'not-compared' for r in j['registers']), 'matrix': j['file_kind'] != 'verdict',
             'tcb': j['tcb'] is not None, 'trust': bool((j['verdict'] or {}).get('anchors')), 'strip': bool((j['verdict'] or {}).get('stages'))}
    hostile = len(sys.argv) > 3 and sys.argv[3] == 'hostile'
    for name, section in has.items():
        svgs = list(section.iter('svg'))
        tables = list(section.iter('table'))
        if not svgs:
            is_true(len([p for p in section.iter('p') if p.get('class') == 'absent' and len(p.text) > 20]) == 1 and not tables, f'{name}: neither drawn nor said why')
            is_true(not there.get(name, False) or hostile, f'{name}: left out')
            continue
        is_true(len(svgs) == 2 and len(tables) == 1 and there.get(name, True), f'{name}: {len(svgs)} drawings, {len(tables)} tables')
        width = [float(s.get('viewBox').split()[2]) for s in svgs]
        is_true(width == [920, 340], f'{name}: widths {width}')
        is_true(all(0 < float(s.get('viewBox').split()[3]) < 60000 for s in svgs), f'{name}: heights')
        if not hostile:
            for s in svgs:
                globals()[name](s, j)
    for option in sys.argv[3:]:
        if '=' not in option:
            continue
        name, path = option.split('=')
        raw = open(path, 'rb').read()
        svg = ET.fromstring(raw)
        structure(path, raw, svg)
        if has[name].find('.//svg') is not None and not hostile:
            globals()[name](svg, j)
    for w in wrong[:12]:
        print(w)
    print(f'{checks} checks, {len(wrong)} wrong')
    sys.exit(1 if wrong else 0)


main()
