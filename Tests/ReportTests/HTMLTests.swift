// The HTML page in a real browser: headless Chromium, driven by its own driver, clicking and typing as a person would.

import Foundation
import Model
import Testing

@testable import Report

@Suite struct HTMLTests {
  @Test func thePageWorksInABrowser() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "keywright-\(UUID().uuidString).html").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    var report = Sample.report()
    // One that was rotated, known a year before the others.
    var rotated = Sample.finding("acme-old", .high, [Sample.place("old.env", head: false)], .dead, number: 3)
    rotated.suppression = Suppression(kind: .dead, reason: "rotated as shop, and proven dead on 2024-07-03")
    rotated.occurrences[0].introduced?.time = 1_660_000_000
    report.findings.append(rotated)
    try Data(HTMLReport.write(report, version: "1.2.3")).write(to: URL(filePath: path))
    let (status, output) = try Sample.python(HTMLTests.script, [], [path])
    #expect(status == 0, "\(output)")
    #expect(output.hasSuffix("ok\n"), "\(output)")
  }

  private static let script = """
    import base64, re, sys
    from selenium import webdriver
    from selenium.webdriver.support.ui import WebDriverWait
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.chrome.service import Service
    options = webdriver.ChromeOptions()
    for flag in ('--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'):
        options.add_argument(flag)
    options.binary_location = '/usr/bin/chromium'
    options.set_capability('goog:loggingPrefs', {'browser': 'ALL'})
    browser = webdriver.Chrome(service=Service('/usr/bin/chromedriver'), options=options)
    try:
        browser.get('file://' + sys.argv[1])
        cards = browser.find_elements(By.CSS_SELECTOR, '.card')
        def click(element):
            # As a person does, out from under the bar that stays at the top.
            browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
            element.click()
        visible = lambda: [c for c in cards if c.is_displayed()]
        assert len(visible()) == 4, len(visible())
        assert 'LIVE' in cards[0].text, cards[0].text
        # Markup that came from the repository is text.
        assert not browser.find_elements(By.CSS_SELECTOR, 'img')
        assert not browser.find_elements(By.XPATH, "//td//script")
        # A click opens a card and shows where the secret stands.
        click(cards[0].find_element(By.TAG_NAME, 'summary'))
        assert 'conf/prod.env:3:5' in cards[0].text, cards[0].text
        # Typing filters; Escape clears.
        box = browser.find_element(By.ID, 'query')
        body = browser.find_element(By.TAG_NAME, 'body')
        body.send_keys('/')
        assert browser.switch_to.active_element == box
        box.send_keys('other.env')
        assert len(visible()) == 1, len(visible())
        assert browser.find_element(By.ID, 'shown').text == '1 of 4 shown'
        box.send_keys(Keys.ESCAPE)
        assert len(visible()) == 4
        # Severity, state and kind.
        browser.find_element(By.CSS_SELECTOR, 'input[value=critical]').click()
        assert len(visible()) == 3
        browser.find_element(By.CSS_SELECTOR, 'input[value=critical]').click()
        browser.find_element(By.CSS_SELECTOR, '#state option[value=dead]').click()
        assert {c.get_attribute('data-rule') for c in visible()} == {'acme-token', 'acme-old'}
        browser.find_element(By.CSS_SELECTOR, '#state option[value=suppressed]').click()
        assert [c.get_attribute('data-rule') for c in visible()] == ['acme-old']
        # What became of it is told and drawn: when it came, went, and was rotated.
        assert '2022-08-08' in visible()[0].text and 'rotated 2024-07-03' in visible()[0].text, visible()[0].text
        assert visible()[0].find_elements(By.CSS_SELECTOR, 'svg.timeline circle.rotated')
        assert visible()[0].find_elements(By.CSS_SELECTOR, 'svg.timeline circle.out')
        click(visible()[0].find_element(By.TAG_NAME, 'summary'))
        events = [e.get_attribute('class') for e in visible()[0].find_elements(By.CSS_SELECTOR, '.events li')]
        assert events == ['in', 'out', 'rotated'], events
        browser.find_element(By.CSS_SELECTOR, '#state option[value=""]').click()
        # What to replace first: the live one, then what is open; the dead and the rotated are not among them.
        first = browser.find_elements(By.CSS_SELECTOR, '.first li')
        assert len(first) == 2 and 'LIVE' in first[0].text, [f.text for f in first]
        assert 'conf/prod.env:3' in first[0].text and 'and 2 more' in first[0].text, first[0].text
        # A link opens its card, though a filter hides it.
        browser.find_element(By.CSS_SELECTOR, '#state option[value=dead]').click()
        click(first[1].find_element(By.TAG_NAME, 'a'))
        WebDriverWait(browser, 10).until(lambda b: cards[1].is_displayed())
        assert cards[1].find_element(By.TAG_NAME, 'details').get_attribute('open')
        click(cards[1].find_element(By.TAG_NAME, 'summary'))
        # Other orders, and back.
        def order():
            return [c.get_attribute('data-rule') for c in browser.find_elements(By.CSS_SELECTOR, '.card')]
        ranked = order()
        browser.find_element(By.CSS_SELECTOR, '#sort option[value=old]').click()
        assert order()[0] == 'acme-old', order()
        browser.find_element(By.CSS_SELECTOR, '#sort option[value=places]').click()
        assert order()[0] == 'acme-key', order()
        browser.find_element(By.CSS_SELECTOR, '#sort option[value=rank]').click()
        assert order() == ranked
        box.send_keys(Keys.ESCAPE)
        # The keyboard moves and opens.
        body.send_keys('k')
        body.send_keys('j')
        current = browser.find_elements(By.CSS_SELECTOR, '.card.current')
        assert len(current) == 1 and current[0] == cards[1]
        browser.switch_to.active_element.send_keys(Keys.ENTER)
        assert cards[1].find_element(By.TAG_NAME, 'details').get_attribute('open')
        browser.find_element(By.ID, 'expand').click()
        assert all(c.find_element(By.TAG_NAME, 'details').get_attribute('open') for c in cards)
        # Dark and light are the reader's choice, and each is readable.
        def colours(scheme):
            browser.execute_cdp_cmd('Emulation.setEmulatedMedia',
                                    {'features': [{'name': 'prefers-color-scheme', 'value': scheme}]})
            read = 'const s = getComputedStyle(document.body); return [s.backgroundColor, s.color]'
            return [sum(map(int, re.findall(r'\\d+', c)[:3])) for c in browser.execute_script(read)]
        for scheme in ('light', 'dark'):
            ground, text = colours(scheme)
            assert abs(ground - text) > 500 and (ground > text) == (scheme == 'light'), (scheme, ground, text)
        # On a narrow screen nothing sticks out.
        browser.execute_cdp_cmd('Emulation.setDeviceMetricsOverride',
                                {'width': 360, 'height': 800, 'deviceScaleFactor': 1, 'mobile': True})
        assert browser.execute_script('return document.documentElement.scrollWidth') <= 360
        browser.execute_cdp_cmd('Emulation.clearDeviceMetricsOverride', {})
        # On paper every card is open, without the controls; afterwards all is as it was.
        browser.find_element(By.ID, 'expand').click()
        opened = len(browser.find_elements(By.CSS_SELECTOR, 'details[open]'))
        browser.execute_script("window.dispatchEvent(new Event('beforeprint'))")
        browser.execute_cdp_cmd('Emulation.setEmulatedMedia', {'media': 'print'})
        assert len(browser.find_elements(By.CSS_SELECTOR, 'details[open]')) == 4
        assert not browser.find_element(By.CSS_SELECTOR, '.toolbar').is_displayed()
        pages = base64.b64decode(browser.execute_cdp_cmd('Page.printToPDF', {})['data'])
        assert pages.startswith(b'%PDF'), pages[:8]
        browser.execute_script("window.dispatchEvent(new Event('afterprint'))")
        assert len(browser.find_elements(By.CSS_SELECTOR, 'details[open]')) == opened
        severe = [e for e in browser.get_log('browser') if e['level'] in ('SEVERE', 'WARNING')]
        assert not severe, severe
        print('ok')
    finally:
        browser.quit()
    """
}
