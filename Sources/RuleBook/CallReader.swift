// Reads the calls of a provider file.

internal import Formats

/// Reads the tables that describe an HTTP call.
enum CallReader {
  static let placeholders: Set<String> = [
    "secret", "base", "key_id", "tenant", "reference", "grace_seconds", "name", "account", "new_secret",
    "carry", "cursor", "admin", "idle", "ended_secret",
  ]

  static func call(_ node: Node, _ reader: inout TableReader) -> CallTemplate {
    reader.allow(
      ["request", "headers", "body", "success", "refused", "must_hold", "fields", "next", "live_text"], in: node)
    let request = reader.text("request", in: node)
    let words = request.split(separator: " ", maxSplits: 1)
    let method = words.first.map(String.init) ?? ""
    let url = words.count == 2 ? String(words[1]) : ""
    if !["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"].contains(method) {
      reader.mistake(node["request"] ?? node, "request must be a method and an address, such as 'GET https://…'")
    }
    if !(url.hasPrefix("https://") || url.hasPrefix("{base}/")) {
      reader.mistake(node["request"] ?? node, "the address must begin with https:// or {base}/")
    }
    let headers = (reader.table("headers", in: node)?.entries ?? []).map { entry in
      HeaderTemplate(name: entry.key, value: entry.value.string ?? "")
    }
    let body = reader.optionalText("body", in: node)
    for text in [url] + headers.map(\.value) { check(text, node, &reader) }
    return CallTemplate(
      method: method, url: url, headers: headers, body: body,
      success: reader.integers("success", in: node) ?? [200], refused: reader.integers("refused", in: node) ?? [401],
      mustHold: reader.optionalText("must_hold", in: node),
      fields: Dictionary(
        (reader.table("fields", in: node)?.entries ?? []).map { ($0.key, $0.value.string ?? "") },
        uniquingKeysWith: { $1 }),
      next: reader.table("next", in: node).map { next($0, &reader) },
      liveText: reader.optionalText("live_text", in: node))
  }

  private static func next(_ node: Node, _ reader: inout TableReader) -> NextPage {
    reader.allow(["at", "url", "body"], in: node)
    let next = NextPage(
      at: reader.text("at", in: node), url: reader.optionalText("url", in: node),
      body: reader.optionalText("body", in: node))
    if !next.at.hasPrefix("/"), !next.at.hasPrefix("header:") {
      reader.mistake(node["at"] ?? node, "at must be a JSON pointer or 'header:NAME'")
    }
    if let url = next.url {
      if !(url.hasPrefix("https://") || url.hasPrefix("{base}/")) {
        reader.mistake(node["url"] ?? node, "the address must begin with https:// or {base}/")
      }
      check(url, node, &reader)
    }
    if next.at != "header:link", !(next.url ?? "").contains("{cursor}"), !(next.body ?? "").contains("{cursor}") {
      reader.mistake(node, "next must put {cursor} into an address or a body")
    }
    return next
  }

  /// Every `{word}` of an address or a header must be a placeholder. (A body is JSON, which has braces of its own.)
  private static func check(_ text: String, _ node: Node, _ reader: inout TableReader) {
    for part in text.split(separator: "{").dropFirst(text.hasPrefix("{") ? 0 : 1) {
      guard let end = part.firstIndex(of: "}") else {
        reader.mistake(node, "'\(text)' has a { without a }")
        continue
      }
      let word = String(part[..<end])
      let isBasic = word == "basic" || word.hasPrefix("basic:")
      let isSignature = word.hasPrefix("aws-sigv4:") && word.split(separator: ":").count == 3
      if !isBasic && !isSignature && !placeholders.contains(word) {
        reader.mistake(node, "'{\(word)}' is no placeholder")
      }
    }
  }
}
