// The HTML page in a real browser: headless Chromium, driven by its own driver, clicking and typing as a person would.

import Foundation
import Testing

@testable import Report

@Suite struct HTMLTests {
  @Test func thePageWorksInABrowser() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "keywright-\(UUID().uuidString).html").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data(HTMLReport.write(Sample.report(), version: "1.2.3")).write(to: URL(filePath: path))
    let (status, output) = try Sample.python(HTMLTests.script, [], [path])
    #expect(status == 0, "\(output)")
    #expect(output.hasSuffix("ok\n"), "\(output)")
  }

  private static let script = """
    import sys
    from selenium import webdriver
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
        visible = lambda: [c for c in cards if c.is_displayed()]
        assert len(visible()) == 3, len(visible())
        assert 'LIVE' in cards[0].text, cards[0].text
        # Markup that came from the repository is text.
        assert not browser.find_elements(By.CSS_SELECTOR, 'img')
        assert not browser.find_elements(By.XPATH, "//td//script")
        # A click opens a card and shows where the secret stands.
        cards[0].find_element(By.TAG_NAME, 'summary').click()
        assert 'conf/prod.env:3:5' in cards[0].text, cards[0].text
        # Typing filters; Escape clears.
        box = browser.find_element(By.ID, 'query')
        body = browser.find_element(By.TAG_NAME, 'body')
        body.send_keys('/')
        assert browser.switch_to.active_element == box
        box.send_keys('other.env')
        assert len(visible()) == 1, len(visible())
        assert browser.find_element(By.ID, 'shown').text == '1 of 3 shown'
        box.send_keys(Keys.ESCAPE)
        assert len(visible()) == 3
        # Severity, state and kind.
        browser.find_element(By.CSS_SELECTOR, 'input[value=critical]').click()
        assert len(visible()) == 2
        browser.find_element(By.CSS_SELECTOR, 'input[value=critical]').click()
        browser.find_element(By.CSS_SELECTOR, '#state option[value=dead]').click()
        assert [c.get_attribute('data-rule') for c in visible()] == ['acme-token']
        browser.find_element(By.CSS_SELECTOR, '#state option[value=""]').click()
        # The keyboard moves and opens.
        body.send_keys('j')
        body.send_keys('j')
        current = browser.find_elements(By.CSS_SELECTOR, '.card.current')
        assert len(current) == 1 and current[0] == cards[1]
        browser.switch_to.active_element.send_keys(Keys.ENTER)
        assert cards[1].find_element(By.TAG_NAME, 'details').get_attribute('open')
        browser.find_element(By.ID, 'expand').click()
        assert all(c.find_element(By.TAG_NAME, 'details').get_attribute('open') for c in cards)
        severe = [e for e in browser.get_log('browser') if e['level'] in ('SEVERE', 'WARNING')]
        assert not severe, severe
        print('ok')
    finally:
        browser.quit()
    """
}
