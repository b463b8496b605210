// Every format, read back by a program that knows it, and searched for the value that must not be in it.

import Foundation
import Model
import Testing

@testable import Report

@Suite struct FormatTests {
  static let formats: [(String, @Sendable (ScanReport) -> [UInt8])] = [
    ("json", { JSONReport.write($0, version: "1.2.3") }),
    ("jsonl", { JSONLinesReport.write($0, showSecrets: false, version: "1.2.3") }),
    ("sarif", { SARIFReport.write($0, version: "1.2.3") }),
    ("gitlab", { GitLabReport.secretDetection($0, version: "1.2.3", start: 0, end: 1) }),
    ("codequality", { GitLabReport.codeQuality($0) }),
    ("csv", { CSVReport.write($0) }),
    ("junit", { JUnitReport.write($0) }),
    ("markdown", { MarkdownReport.write($0) }),
    ("github", { GitHubAnnotations.write($0) }),
    ("html", { HTMLReport.write($0, version: "1.2.3") }),
    ("text", { Array(TextReport(colour: true).render($0).utf8) }),
  ]

  @Test(arguments: formats.map(\.0))
  func noFormatHoldsAValueOrAControlCharacter(_ name: String) throws {
    let write = try #require(FormatTests.formats.first { $0.0 == name }).1
    let bytes = write(Sample.report())
    let text = try #require(String(validating: bytes, as: UTF8.self))
    #expect(!text.contains(Sample.value))
    #expect(text == String(decoding: write(Sample.report()), as: UTF8.self))
    // The text report's own colours are the only escapes.
    if name != "text" { #expect(!bytes.contains(0x1b)) } else { #expect(!text.contains("\u{1b}[2J")) }
    _ = write(Sample.empty())
  }

  private func read(_ script: String, _ bytes: [UInt8]) throws -> String {
    let (status, output) = try Sample.python(script, bytes)
    #expect(status == 0, "\(output)")
    return output
  }

  @Test func sarifIsWhatCodeScanningTakes() throws {
    let output = try read(
      """
      import json, sys, re, urllib.parse
      d = json.load(sys.stdin)
      assert d['version'] == '2.1.0' and len(d['runs']) == 1
      run = d['runs'][0]
      rules = run['tool']['driver']['rules']
      assert [r['id'] for r in rules] == ['acme-key', 'acme-other', 'acme-token'], rules
      for r in rules:
          assert 0 < float(r['properties']['security-severity']) <= 10
      assert len(run['results']) == 4
      prints = set()
      for r in run['results']:
          assert rules[r['ruleIndex']]['id'] == r['ruleId']
          assert r['level'] in ('error', 'warning', 'note')
          region = r['locations'][0]['physicalLocation']['region']
          assert region['startLine'] >= 1 and region['endColumn'] > region['startColumn']
          uri = r['locations'][0]['physicalLocation']['artifactLocation']['uri']
          assert re.fullmatch(r"[A-Za-z0-9._~/%-]+", uri), uri
          urllib.parse.unquote(uri)
          assert 'snippet' not in region
          prints.add(r['partialFingerprints']['keywrightSecretAtPath/v1'])
      assert len(prints) == 4
      assert run['results'][0]['relatedLocations'][0]['physicalLocation']['region']['startLine'] == 9
      assert run['invocations'][0]['executionSuccessful'] is False
      print('ok')
      """, SARIFReport.write(Sample.report(), version: "1.2.3"))
    #expect(output == "ok\n")
  }

  @Test func anIdentityFollowsTheValueAndThePathOnly() {
    var moved = Sample.report()
    moved.findings[0].occurrences[0].line = 700
    moved.findings[0].occurrences[0].introduced = Sample.commit(5, time: 5)
    #expect(FindingAtPath.all(moved).map(\.identity) == FindingAtPath.all(Sample.report()).map(\.identity))
  }

  @Test func gitLabsArtifactsHaveTheirRequiredFields() throws {
    let output = try read(
      """
      import json, sys, re
      d = json.load(sys.stdin)
      assert re.fullmatch(r'15\\.\\d+\\.\\d+', d['version'])
      s = d['scan']
      assert s['type'] == 'secret_detection' and s['status'] in ('success', 'failure')
      for k in ('start_time', 'end_time'):
          assert re.fullmatch(r'\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d', s[k]), s[k]
      for k in ('analyzer', 'scanner'):
          assert {'id', 'name', 'version', 'vendor'} <= set(s[k])
      for v in d['vulnerabilities']:
          assert {'id', 'identifiers', 'location'} <= set(v)
          assert v['severity'] in ('Info', 'Unknown', 'Low', 'Medium', 'High', 'Critical')
          assert v['location']['commit']['sha'] and v['location']['file'] and v['location']['start_line'] > 0
          assert {'type', 'name', 'value'} <= set(v['identifiers'][0])
      print(len(d['vulnerabilities']))
      """, GitLabReport.secretDetection(Sample.report(), version: "1.2.3", start: 0, end: 1))
    #expect(output == "4\n")
    let quality = try read(
      """
      import json, sys
      d = json.load(sys.stdin)
      for i in d:
          assert i['severity'] in ('info', 'minor', 'major', 'critical', 'blocker') and i['location']['lines']['begin'] > 0
          assert i['description'] and i['check_name'] and len(i['fingerprint']) == 32
      print(len({i['fingerprint'] for i in d}))
      """, GitLabReport.codeQuality(Sample.report()))
    #expect(quality == "4\n")
  }

  @Test func csvIsReadByACSVReaderAndRunsNothingInASpreadsheet() throws {
    let output = try read(
      """
      import csv, io, sys
      rows = list(csv.reader(io.StringIO(sys.stdin.buffer.read().decode(), newline='')))
      assert len({len(r) for r in rows}) == 1, rows
      assert not any(f[:1] in ('=', '+', '-', '@') for r in rows for f in r), rows
      print(len(rows))
      """, CSVReport.write(Sample.report()))
    #expect(output == "6\n")
  }

  @Test func junitIsWellFormed() throws {
    let script = """
      import sys, xml.etree.ElementTree as E
      root = E.fromstring(sys.stdin.buffer.read())
      suite = root.find('testsuite')
      cases = suite.findall('testcase')
      assert int(suite.get('tests')) == len(cases)
      assert int(suite.get('failures')) == len(suite.findall('testcase/failure'))
      assert int(suite.get('errors')) == len(suite.findall('testcase/error'))
      print(suite.get('failures'), suite.get('errors'))
      """
    #expect(try read(script, JUnitReport.write(Sample.report())) == "4 1\n")
    #expect(try read(script, JUnitReport.write(Sample.empty())) == "0 0\n")
  }

  @Test func linesOfJSONAreEachAnObject() throws {
    let lines = JSONLinesReport.write(Sample.report(), showSecrets: false, version: "1").split(separator: 0x0a)
    #expect(lines.count == 4)
    for line in lines { _ = try #require(JSONSerialization.jsonObject(with: Data(line)) as? [String: Any]) }
  }

  @Test func annotationsAreOneLineEach() {
    let text = String(decoding: GitHubAnnotations.write(Sample.report()), as: UTF8.self)
    let lines = text.split(separator: "\n")
    #expect(lines.count == 5)
    #expect(lines.allSatisfy { $0.hasPrefix("::") })
    // What is out of the tree has no line to stand beside.
    #expect(lines.filter { $0.contains("file=") }.count == 3)
  }

  @Test func whatIsLiveComesFirst() {
    let order = ExposureRank.order(Sample.report().findings.reversed())
    #expect(order.map(\.rule.rawValue) == ["acme-key", "acme-other", "acme-token"])
  }

  @Test func whatIsSuppressedStaysInTheReportButFailsNothing() throws {
    var report = Sample.report()
    report.findings[0].suppression = Suppression(
      kind: .baseline, reason: "a test key", owner: "ada", expires: "2027-01-31")
    let bytes = JSONReport.write(report, version: "1.2.3")
    #expect(try JSONReport.read(bytes, name: "r").findings[0].suppression == report.findings[0].suppression)
    #expect(!String(decoding: JUnitReport.write(report), as: UTF8.self).contains("acme-key"))
    let output = try read(
      "import json,sys; print([r.get('suppressions') for r in json.load(sys.stdin)['runs'][0]['results']][0][0]['justification'])",
      SARIFReport.write(report, version: "1.2.3"))
    #expect(output == "a test key\n")
    #expect(report.summary.contains("2 findings and 1 suppressed"))
  }

  @Test func aReportIsReadBackAsItWasWritten() throws {
    let bytes = JSONReport.write(Sample.report(), version: "1.2.3")
    let again = try JSONReport.read(bytes, name: "report.json")
    #expect(JSONReport.write(again, version: "1.2.3") == bytes)
    #expect(throws: ReportError.self) { try JSONReport.read(Array(bytes.dropLast(9)), name: "r") }
    #expect(throws: ReportError.self) { try JSONReport.read(Array("[]".utf8), name: "r") }
  }

  @Test(arguments: [Int64.min, -62_167_219_200, -1, 0, 951_782_400, 4_102_444_800, .max])
  func datesAreISO8601WhateverACommitClaims(_ seconds: Int64) throws {
    for zone in [0, 330, -720, 100_000] {
      let text = Timestamp.iso8601(seconds, zone: zone)
      #expect(text.count == 20 || text.count == 25)
      _ = try #require(Timestamp.parse(text))
    }
  }
}
