"""What `put` of ui.js promises, in a real browser: the page says what the markup says, and what is the same stays.

put.py BASE [SEED]: BASE is where a console answers.
"""
import json
import sys

from browser import Browser, Failed

base, seed = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 20261130
browser = Browser(1000, 800, "en")


def check(what, holds):
    if not holds:
        raise Failed(what)


def put(markup):
    return browser.eval(f"ui.put(box, {json.dumps(markup)})")


try:
    browser.open(base + "/")
    browser.wait("document.querySelector('form')")
    browser.eval("""(async () => {
      window.ui = await import(new URL('ui.js', document.querySelector('script[type=module]').src));
      document.body.innerHTML = '<div id="box"></div>';
      window.box = document.querySelector('#box');
      window.told = [];
      box.addEventListener('change', event => told.push(`change ${event.target.value}`));
      box.addEventListener('click', event => told.push(`click ${event.target.closest('[data-k]')?.dataset.k}`));
    })()""")

    # The law: after any markup that follows any other, the page is as if the last had been put there alone.
    wrong = browser.eval("""(seed => {
      const random = most => { seed = (seed * 1103515245 + 12345) % 2147483648; return Math.floor((seed / 2147483648) * most); };
      const of = list => list[random(list.length)];
      const key = () => of(['', '', ` data-k="k${random(4)}"`, ` data-of="${random(3)}"`]);
      const tree = depth => Array.from({ length: random(5) }, () => of([
        () => of(['word', 'other', ' ', '&lt;b&gt;']),
        () => `<${'p'}${key()} class="${of(['', 'on', 'off'])}">${of(['a', 'b', ''])}</p>`,
        () => `<input${key()} type="${of(['text', 'checkbox'])}" ${of(['', 'checked', `value="${random(3)}"`, 'disabled'])}>`,
        () => `<select${key()}>${[0, 1, 2].filter(() => random(2)).map(v => `<option value="${v}" ${of(['', 'selected'])}>${v}</option>`).join('')}</select>`,
        () => `<svg${key()} viewBox="0 0 ${random(3)} 1"><path d="M0,${random(3)}"/><g><circle r="${random(2)}"/></g></svg>`,
        () => (depth ? `<div${key()}>${tree(depth - 1)}</div>` : ''),
        () => (depth ? `<ul>${Array.from({ length: random(4) }, () => `<li${key()}>${tree(depth - 1)}</li>`).join('')}</ul>` : ''),
        () => `\\n  ${depth ? tree(depth - 1) : ''}\\n `,
        () => `<table><tbody>${'<tr><td>x</td></tr>'.repeat(random(3))}</tbody></table>`,
      ])()).join('');
      const state = root => [...root.querySelectorAll('input, select')].map(e => `${e.type} ${e.type === 'checkbox' ? e.checked : e.value}`).join();
      for (let round = 0; round < 3000; round += 1) {
        const before = box.innerHTML;
        const text = tree(3);
        ui.put(box, text);
        const fresh = document.createElement('div');
        fresh.id = 'box';
        fresh.innerHTML = text;
        if (!box.isEqualNode(fresh) || state(box) !== state(fresh)) return [round, before, text, box.innerHTML, state(box), state(fresh)];
      }
      return '';
    })(SEED)""".replace("SEED", str(seed)))
    check(f"the page differs from its markup: {wrong}", not wrong)

    # What has the same key is the same element, wherever it went, and what is of something else is another one.
    put('<ul><li data-of="a"><b>1</b></li><li data-of="b"><input data-k="note"></li></ul>')
    browser.eval("window.kept = ['a', 'b'].map(k => document.querySelector(`[data-of=${k}]`))")
    browser.eval("document.querySelector('[data-k=note]').value = 'for b'")
    put('<ul><li data-of="c"></li><li data-of="b"><input data-k="note"></li><li data-of="a"><b>2</b></li></ul>')
    check("elements that are the same were made anew", browser.eval("kept.every(e => e.isConnected)"))
    check("a note that nobody gave a value has lost what was typed", browser.eval("document.querySelector('[data-k=note]').value") == "for b")
    put('<ul><li data-of="d"><input data-k="note"></li></ul>')
    check("what was typed for one thing stands at another", browser.eval("document.querySelector('[data-k=note]').value") == "")

    # Something arrives while somebody types: what is typed stays, and is told when the field is left.
    put('<p>1</p><input data-k="field" value="old">')
    browser.fill("[data-k=field]", "x")
    check("news of what is drawn", put('<p class="new">2</p><p>more</p><input data-k="field" value="newer">'))
    browser.type("y")
    check("what is typed has gone", "x" in browser.eval("document.querySelector('[data-k=field]').value")
          and browser.eval("document.querySelector('[data-k=field]').value").count("y") == 1)
    typed = browser.eval("document.querySelector('[data-k=field]').value")
    browser.eval("document.activeElement.blur()")
    check(f"what was typed was not told once: {browser.eval('told')}", browser.eval("told.filter(t => t.startsWith('change'))") == [f"change {typed}"])
    # After that the value is the model's again, with or without the focus in the field.
    put('<input data-k="field" value="20">')
    check("a value that changed is not shown", browser.eval("document.querySelector('[data-k=field]').value") == "20")
    browser.click("[data-k=field]")
    put('<input data-k="field" value="30"><p></p>')
    check("nobody typed, and the old value stays", browser.eval("document.querySelector('[data-k=field]').value") == "30")
    check("the focus has gone", browser.eval("document.activeElement.dataset.k") == "field")

    put('<input type="checkbox" data-k="box"><p></p>')
    browser.click("[data-k=box]")
    put('<input type="checkbox" data-k="box" checked><p></p>')
    put('<input type="checkbox" data-k="box"><p></p>')
    check("a box that was ticked by hand does not follow the model", browser.eval("document.querySelector('[data-k=box]').checked") is False)

    # Something arrives between a button's press and its release: it is a click.
    put('<nav><a data-k="first">1</a></nav><button data-k="go"><i>1</i>Go</button>')
    x, y = browser.eval("(b => [b.x + b.width / 2, b.y + b.height / 2])(document.querySelector('[data-k=go]').getBoundingClientRect())")
    browser.mouse("mousePressed", x, y, button="left", clickCount=1)
    put('<nav><a data-k="first">2</a></nav><button class="on" data-k="go"><i>2</i>Go</button>')
    browser.mouse("mouseReleased", x, y, button="left", clickCount=1)
    check(f"the click is lost: {browser.eval('told')}", browser.eval("told.at(-1)") == "click go")

    # The same where an element comes before it among blanks, and where the last one goes to the front: what stays is not moved.
    def press(key):
        x, y = browser.eval(f"(b => [b.x + b.width / 2, b.y + b.height / 2])(document.querySelector('[data-k={key}]').getBoundingClientRect())")
        browser.mouse("mousePressed", x, y, button="left", clickCount=1)
        return x, y

    def release(key, point):
        browser.mouse("mouseReleased", *point, button="left", clickCount=1)
        check(f"the click is lost: {browser.eval('told')}", browser.eval("told.at(-1)") == f"click {key}")

    high = '<svg width="300" height="300"></svg>'
    put(f'<div>\n  \n  <button data-k="a">{high}</button>\n</div>')
    point = press("a")
    put(f'<div>\n  <p>!</p>\n  <button data-k="a">{high}</button>\n</div>')
    release("a", point)
    rows = {k: f'<li data-of="{k}"><button data-k="{k}">{k}</button></li>' for k in "abcd"}
    put("<ul>" + "".join(rows[k] for k in "abcd") + "</ul>")
    browser.eval("document.querySelector('[data-k=b]').focus()")
    put("<ul>" + "".join(rows[k] for k in "dabc") + "</ul>")
    check("the focus of what was not moved has gone", browser.eval("document.activeElement.dataset.k") == "b")

    # What a script has put in the place of a text goes with the next change.
    put("<p>Copy</p><i>1</i>")
    browser.eval("document.querySelector('p').textContent = 'Copied'")
    put("<p>Copy it</p><i>1</i>")
    check("two texts in one place", browser.eval("document.querySelector('p').textContent") == "Copy it")
    # What is typed into a field that is taken away is told to nobody.
    put('<input data-k="field" value="1"><p></p>')
    browser.fill("[data-k=field]", "x")
    browser.eval("told.length = 0")
    put('<b>gone</b>')
    check(f"told of a field that is gone: {browser.eval('told')}", browser.eval("told.length") == 0)

    # What a script has emptied is put there again.
    browser.eval("box.innerHTML = ''")
    check("an emptied element stays empty", put('<button data-k="go">Go</button>') and browser.eval("box.textContent") == "Go")
    check("the same again is no change", put('<button data-k="go">Go</button>') is False)
    print("done", flush=True)
finally:
    browser.close()
