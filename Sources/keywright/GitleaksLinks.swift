// Addresses at which a forge shows a leak: gitleaks' --platform.

internal import Git
internal import Model
internal import Scanning

/// Makes links to places in commits.
struct GitleaksLinks {
  private enum Forge: String, CaseIterable {
    case github
    case gitlab
    case azuredevops
    case gitea
    case bitbucket
  }

  private let forge: Forge
  private let base: String

  /// Nil where no forge is known, or none is wanted.
  init?(_ repository: String, platform: String?) throws(GitleaksFlagError) {
    let named = platform.flatMap { $0.isEmpty ? nil : $0.lowercased() }
    if named == "none" { return nil }
    if let named, Forge(rawValue: named) == nil {
      throw GitleaksFlagError(
        reason: "--platform must be none, \(Forge.allCases.map(\.rawValue).joined(separator: ", ")), not '\(named)'")
    }
    guard let opened = try? Repository.open(repository), let address = opened.originAddress(),
      let (host, path) = GitleaksLinks.parts(address),
      let forge = named.flatMap({ Forge(rawValue: $0) }) ?? GitleaksLinks.forge(host)
    else { return nil }
    self.forge = forge
    base = "https://\(host)/\(path)"
  }

  /// The host and the path of a remote's address, without any name or password in it.
  static func parts(_ address: String) -> (host: String, path: String)? {
    var rest = address[...]
    var isShort = true
    if let scheme = rest.firstRange(of: "://") {
      guard ["https", "http", "ssh", "git"].contains(String(rest[..<scheme.lowerBound])) else { return nil }
      rest = rest[scheme.upperBound...]
      isShort = false
    }
    let end = rest.firstIndex { $0 == "/" || isShort && $0 == ":" } ?? rest.endIndex
    guard end < rest.endIndex, !isShort || rest[end] == ":" else { return nil }
    var host = rest[..<end]
    if let at = host.lastIndex(of: "@") { host = host[host.index(after: at)...] }
    // The port is that of ssh, not that of the pages.
    if !isShort, !address.hasPrefix("http"), let colon = host.firstIndex(of: ":") { host = host[..<colon] }
    var path = rest[rest.index(after: end)...].drop { $0 == "/" }
    while path.last == "/" { path.removeLast() }
    if path.hasSuffix(".git") { path.removeLast(4) }
    let isPlain = (host + path).allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-/:~%+".contains($0)) }
    return host.isEmpty || path.isEmpty || !isPlain ? nil : (String(host).lowercased(), String(path))
  }

  private static func forge(_ host: String) -> Forge? {
    switch host {
    case "github.com": .github
    case "gitlab.com": .gitlab
    case "dev.azure.com": .azuredevops
    case "gitea.com", "codeberg.org", "code.forgejo.org": .gitea
    case "bitbucket.org": .bitbucket
    default: nil
    }
  }

  /// The address of some lines of a file in a commit.
  func link(commit: String, path: BytePath, lines: ClosedRange<Int>) -> String {
    if commit.isEmpty || path.bytes.isEmpty { return "" }
    let file = GitleaksLinks.encoded(path)
    let (first, last) = (lines.lowerBound, lines.upperBound)
    let several = first != last
    switch forge {
    case .github: return "\(base)/blob/\(commit)/\(file)#L\(first)" + (several ? "-L\(last)" : "")
    case .gitlab: return "\(base)/blob/\(commit)/\(file)#L\(first)" + (several ? "-\(last)" : "")
    case .gitea: return "\(base)/src/commit/\(commit)/\(file)#L\(first)" + (several ? "-L\(last)" : "")
    case .bitbucket: return "\(base)/src/\(commit)/\(file)#lines-\(first)" + (several ? ":\(last)" : "")
    case .azuredevops:
      return
        "\(base)/commit/\(commit)?path=/\(file)&line=\(first)&lineEnd=\(last + 1)&lineStartColumn=1&lineEndColumn=1"
        + "&type=2&lineStyle=plain&_a=files"
    }
  }

  private static func encoded(_ path: BytePath) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in path.bytes {
      switch byte {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e, 0x2f: bytes.append(byte)
      default: bytes += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
