// Report templates: what they print, checked against what Go's text/template and sprig print for the same, and what is
// refused where.

import Model
import Testing

@testable import Report

private func entry(_ rule: String, line: Int = 3, tags: [String] = []) -> GitleaksEntry {
  var entry = GitleaksEntry(
    rule: rule, description: "A \"key\" <b>", startLine: line, endLine: line, startColumn: 1, endColumn: 9,
    match: "key=REDACTED", secret: "REDACTED", file: "a/b c.txt", commit: "00ff", entropy: 3.1234567,
    info: nil, tags: tags)
  entry.line = "key=REDACTED;"
  return entry
}

private func render(
  _ text: String, _ entries: [GitleaksEntry] = [entry("one", tags: ["x", "y"]), entry("two", line: 7)]
)
  throws -> String
{
  String(decoding: try ReportTemplate(text, name: "t.tmpl").render(entries, now: 1_700_000_000), as: UTF8.self)
}

private func refusal(_ text: String) -> String {
  do {
    return "accepted: \(try render(text))"
  } catch { return "\(error)" }
}

@Suite struct TemplateTests {
  static let printed: [(String, String)] = [
    ("plain", "plain"),
    ("{{range .}}{{.RuleID}}:{{.StartLine}} {{end}}", "one:3 two:7 "),
    ("{{ range $i, $f := . }}{{ if $i }}, {{ end }}{{ $f.RuleID }}{{ end }}", "one, two"),
    ("a {{- 1 -}} b", "a1b"), ("a {{/* comment */}} b", "a  b"), ("a {{- /* comment */ -}} b", "ab"),
    ("{{len .}} {{(index . 1).RuleID}} {{(index . 0).Tags}} {{index (index . 0).Tags 1}}", "2 two [x y] y"),
    ("{{$n := 5}}{{if gt $n 4}}{{$n = 6}}{{end}}{{$n}}", "6"),
    ("{{with $x := \"\"}}a{{else}}b{{end}}{{with .}}{{len .}}{{end}}", "b2"),
    ("{{if false}}1{{else if eq 1 2}}2{{else if eq 3 1 3}}3{{else}}4{{end}}", "3"),
    ("{{range .}}{{if eq .RuleID \"two\"}}{{break}}{{end}}{{.RuleID}}{{end}}", "one"),
    ("{{range .}}{{if eq .RuleID \"one\"}}{{continue}}{{end}}{{.RuleID}}{{else}}none{{end}}", "two"),
    ("{{range list}}x{{else}}none{{end}}", "none"), ("{{range 3}}{{.}}{{end}}", "012"),
    ("{{define \"row\"}}<{{.RuleID}}>{{end}}{{range .}}{{template \"row\" .}}{{end}}", "<one><two>"),
    ("{{block \"b\" .}}{{len .}}{{end}}", "2"),
    ("{{and 1 0 2}} {{or 0 \"\" 3}} {{not true}} {{and true (len .)}}", "0 3 false 2"),
    ("{{lt 1 2}}{{le 2 2}}{{gt 1 2}}{{ge 2 2}}{{ne \"a\" \"b\"}}", "truetruefalsetruetrue"),
    (
      "{{printf \"%s|%5d|%-5s|%05d|%.2f|%q|%v|%%|%x\" \"a\" 42 \"b\" 42 2.675 \"q\\\"\" true 255}}",
      "a|   42|b    |00042|2.67|\"q\\\"\"|true|%|ff"
    ),
    ("{{printf \"%d\" \"x\"}} {{printf \"%s\"}} {{printf \"a\" 1}}", "%!d(string=x) %!s(MISSING) a%!(EXTRA int=1)"),
    ("{{(index . 0).Entropy}} {{1.0}} {{1e21}} {{0.00001}} {{100000.0}}", "3.1234567 1 1e+21 1e-05 100000"),
    (
      "{{quote (index . 0).Description}} {{squote \"a\"}} {{quote 1 nil \"b\"}}",
      "\"A \\\"key\\\" <b>\" 'a' \"1\" \"b\""
    ),
    (
      "{{\"x\" | upper | printf \"%s-%s\" \"a\"}} {{title \"ab cd\"}} {{trunc 2 \"abc\"}}{{trunc -2 \"abc\"}}",
      "a-X Ab Cd abbc"
    ),
    (
      "{{replace \" \" \"-\" \"a b c\"}} {{default \"d\" \"\"}} {{\"v\" | default \"d\"}} {{join \", \" (list 1 \"b\")}}",
      "a-b-c d v 1, b"
    ),
    (
      "{{toJson (index . 0).Tags}} {{toJson \"<&>\"}} {{toRawJson \"<\"}} {{dict \"a\" 1 \"b\" (list) | toJson}}",
      "[\"x\",\"y\"] \"\\u003c\\u0026\\u003e\" \"<\" {\"a\":1,\"b\":[]}"
    ),
    (
      "{{sub (len .) 1}} {{add 1 2 3}} {{mul 2 3}} {{div 7 2}} {{mod 7 4}} {{max 1 9 3}} {{add1 4}} {{round 2.5555 2}}",
      "1 6 6 3 3 9 5 2.56"
    ),
    (
      "{{ternary \"y\" \"n\" true}}{{coalesce \"\" 0 \"c\"}}{{contains \"b\" \"abc\"}}{{hasPrefix \"a\" \"abc\"}}",
      "yctruetrue"
    ),
    (
      "{{trim \" a \"}}{{trimPrefix \"a\" \"ab\"}}{{trimSuffix \"b\" \"ab\"}}{{nospace \"a b\"}}{{repeat 3 \"x\"}}{{substr 1 3 \"abcd\"}}",
      "abaabxxxbc"
    ),
    (
      "{{indent 2 \"a\\nb\"}}|{{nindent 1 \"a\"}}|{{splitList \",\" \"a,b\" | last}}|{{abbrev 5 \"abcdefgh\"}}",
      "  a\n  b|\n a|b|ab..."
    ),
    ("{{now | date \"2006-01-02 15:04:05 Mon Jan\"}} {{now | htmlDate}}", "2023-11-14 22:13:20 Tue Nov 2023-11-14"),
    (
      "{{html \"<a href='x'>&\"}} {{urlquery \"a b/c\"}} {{js \"it's\"}}",
      "&lt;a href=&#39;x&#39;&gt;&amp; a+b%2Fc it\\'s"
    ),
    (
      "{{$d := dict}}{{range .}}{{$_ := set $d .RuleID (add1 (len .Tags))}}{{end}}{{range $k, $v := $d}}{{$k}}={{$v}};{{end}}{{hasKey $d \"one\"}}",
      "one=3;two=1;true"
    ),
    (
      "{{first (list 1 2)}}{{last (list 1 2)}}{{rest (list 1 2)}}{{has 2 (list 1 2)}}{{uniq (list 1 1 2)}}{{until 3}}{{slice \"abcd\" 1 3}}",
      "12[2]true[1 2][0 1 2]bc"
    ),
    ("{{$.x | default \"none\"}}", "?"),
    ("{{index (dict \"a\" 1) \"z\"}} {{(dict \"a\" 1).z}}", "<no value> <no value>"),
    ("{{`raw \\n`}} {{'a'}} {{0x1f}} {{1_000}} {{-5}} {{\"\\u00e9\\t\"}}", "raw \\n 97 31 1000 -5 é\t"),
    ("{{b64enc \"abcd\"}} {{b64enc \"abc\"}} {{sha256sum \"\" | trunc 8}}", "YWJjZA== YWJj e3b0c442"),
    ("{{- range . }}\n{{ .RuleID }}\n{{- end }}\n", "\none\ntwo\n"),
    ("{{println 1 \"a\"}}{{print 1 2 \"a\" \"b\" 3}}", "1 a\n1 2ab3"),
  ]

  @Test func whatTemplatesPrint() throws {
    for (template, wanted) in TemplateTests.printed where wanted != "?" {
      do {
        let text = try render(template)
        #expect(text == wanted, "\(template)")
      } catch { Issue.record("\(template): \(error)") }
    }
  }

  /// What gitleaks' own documentation shows, in our words: a list with commas between, and none behind the last.
  @Test func aJSONTemplateAsUsersWriteIt() throws {
    let template = """
      [{{ $last := (sub (len . ) 1) }}
      {{- range $i, $finding := . }}{{with $finding}}
        {"rule": {{ quote .RuleID }}, "line": {{ .StartLine }}, "text": {{ quote .Line }},
         "tags": [{{ $end := (sub (len .Tags ) 1) }}{{ range $j, $tag := .Tags }}{{ quote . }}{{ if ne $j $end }},{{ end }}{{ end }}]
        }{{ if ne $i $last }},{{ end }}
      {{- end}}{{ end }}
      ]
      """
    let (status, output) = try Sample.python(
      "import json, sys; d = json.load(sys.stdin); print(d[0]['tags'], d[1]['line'], d[0]['text'], len(d))",
      Array(render(template).utf8))
    #expect(status == 0 && output == "['x', 'y'] 7 key=REDACTED; 2\n", "\(output)")
    #expect(try render(template, []).filter { !$0.isWhitespace } == "[]")
  }

  @Test func aFindingAsJSONHasGitleaksMembers() throws {
    let text = try render("{{range .}}{{toPrettyJson .}}{{end}}", [entry("one", tags: ["x"])])
    let order = [
      "RuleID", "Description", "StartLine", "Match", "Secret", "File", "Commit", "Entropy", "Tags", "Fingerprint",
    ]
    let places = order.compactMap {
      text.firstRange(of: "\n  \"\($0)\": ")?.lowerBound ?? text.firstRange(of: "\n  \"\($0)\":")?.lowerBound
    }
    #expect(places.count == order.count && places == places.sorted(), "\(text)")
    #expect(!text.contains("\"Line\"") && !text.contains("\"Link\""))
  }

  static let refused: [(String, String)] = [
    ("a\n {{ regexMatch \"a\" \"b\" }}", "t.tmpl:2:5: the function 'regexMatch' is not supported"),
    ("{{ env \"HOME\" }}", "t.tmpl:1:4: the function 'env' is not supported"),
    ("{{ if true }}x", "t.tmpl:1:15: an {{end}} is missing"), ("{{ end }}", "t.tmpl:1:1: there is nothing that 'end'"),
    ("{{ .RuleID", "t.tmpl:1:1: the action is not closed"), ("{{ $x }}", "t.tmpl:1:4: there is no variable $x"),
    ("{{ (1 }}", "t.tmpl:1:1: a ( is not closed"), ("{{ 1) }}", "t.tmpl:1:5: there is no ("),
    ("{{ \"a }}", "t.tmpl:1:4: the text is not closed"), ("{{ }}", "t.tmpl:1:4: a value or a function is missing"),
    ("{{ template \"x\" }}", "t.tmpl:1:1: there is no template \"x\""), ("{{ 1 2 }}", "t.tmpl:1:6: what stands before"),
    ("{{ break }}", "t.tmpl:1:1: {{break}} stands outside"), ("{{ 1abc }}", "t.tmpl:1:4: this is no number"),
    ("{{ /* x }}", "t.tmpl:1:1: the comment is not closed"), ("{{ € | ; }}", "t.tmpl:1:10: this character"),
    ("{{ range . }}{{ .Nothing }}{{ end }}", "t.tmpl:1:17: a finding has no field Nothing"),
    ("{{ index . 9 }}", "t.tmpl:1:4: index: there is no item 9 among 2"),
    ("{{ div 1 0 }}", "t.tmpl:1:4: div: it divides"),
    ("{{ eq 1 \"a\" }}", "t.tmpl:1:4: eq: a whole number and a text can't be compared"),
    ("{{ upper }}", "t.tmpl:1:4: upper: it wants 1 value and is given 0"),
    ("{{ .x }}", "t.tmpl:1:4: a list has no field x"),
    ("{{ printf \"%*d\" 1 2 }}", "t.tmpl:1:4: printf: a width of *"),
    ("{{ repeat 99999999999 \"a\" }}", "t.tmpl:1:4: repeat: the text"),
    ("{{ define \"a\" }}{{ template \"a\" }}{{ end }}{{ template \"a\" }}", "t.tmpl:1:17: templates call each other"),
    ("{{ . | 5 }}", "t.tmpl:1:8: this is no function"),
    ("{{ range true }}{{ end }}", "t.tmpl:1:10: {{range}} can't go over"),
    ("{{ if true }}{{ else }}{{ else }}{{ end }}", "t.tmpl:1:24: a second {{else}}"),
  ]

  @Test func whatIsRefusedAndWhere() {
    for (template, wanted) in TemplateTests.refused {
      let found = refusal(template)
      #expect(found.hasPrefix(wanted), "\(template): \(found)")
    }
  }

  /// Whatever stands in a template, it ends, and without a trap.
  @Test func damagedTemplatesAreRefusedOrPrinted() {
    let seed = UInt64.random(in: 0 ... .max)
    var state = seed
    func next(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % max(1, bound)
    }
    let pieces = TemplateTests.printed.map(\.0) + TemplateTests.refused.map(\.0)
    for _ in 0..<2_000 {
      var bytes = Array((pieces[next(pieces.count)] + pieces[next(pieces.count)]).utf8)
      for _ in 0..<next(4) where !bytes.isEmpty {
        let place = next(bytes.count)
        switch next(3) {
        case 0: bytes.remove(at: place)
        case 1: bytes.insert(bytes[next(bytes.count)], at: place)
        default: bytes[place] = UInt8(next(256))
        }
      }
      _ = refusal(String(decoding: bytes, as: UTF8.self))
    }
    #expect(Bool(true), "seed \(seed)")
  }

  @Test func aTemplateThatNeverEndsIsStopped() {
    let growing = "{{$l := list 1}}{{range 1000}}{{$l = concat $l $l}}{{end}}"
    #expect(refusal(growing).contains("too long"))
    #expect(refusal("{{$d := dict}}{{$_ := set $d \"a\" $d}}{{$d}}").contains("accepted"))
    #expect(refusal(String(repeating: "{{if 1}}", count: 5_000)).contains("too deeply nested"))
    #expect(
      refusal("{{" + String(repeating: "(", count: 5_000) + "1" + String(repeating: ")", count: 5_000) + "}}").contains(
        "too deeply"))
  }
}
