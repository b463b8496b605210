// The words that lead to a generic claim. They go into the literal finder together with those of the rules.

/// What stands at a literal of the generic case.
enum GenericAnchor: Int, CaseIterable {
  /// A word that names secrets.
  case name
  /// `://`.
  case url
  /// `basic `, `bearer `.
  case scheme
  /// `-u `, `--user `.
  case login
  /// A line of `.pgpass`.
  case account
  /// `provider :name, "id", "secret"`.
  case provider
  /// Programs that take a password behind `-p`.
  case client
  /// The head of a password's hash.
  case hash
  /// `eyJ`.
  case webToken
  /// `-----BEGIN `.
  case armour

  /// The literals, lower case, and whether case matters.
  var literals: [(text: String, ignoresCase: Bool)] {
    func anyCase(_ words: String) -> [(text: String, ignoresCase: Bool)] {
      words.split(separator: " ").map { (String($0), true) }
    }
    switch self {
    case .name:
      return anyCase(
        """
        pass pwd psw secret token key auth cred ticket jwt license bind_pw _pw pw: pw= senha contrase \
        clave mdp kennwort пароль 密码 パスワード
        """) + [("identified by", true)]
    case .url: return anyCase("://")
    case .scheme: return [("basic ", true), ("bearer ", true), ("basic%20", true), ("bearer%20", true)]
    case .login: return [("-u ", false), ("--user ", false), ("--user=", false), ("-u\"", false), ("-u'", false)]
    case .account: return [(":5432:", false), (":*:", false)]
    case .provider: return [("provider :", false)]
    case .client: return [("sshpass", false), ("mysql", false)]
    case .hash:
      return [
        "$1$", "$2a$", "$2b$", "$2y$", "$5$", "$6$", "$y$", "$apr1$", "{SHA}", "{SSHA}", "pbkdf2_sha256$", "$argon2",
      ].map { ($0, false) }
    case .webToken: return [("eyJ", false)]
    case .armour: return [("-----BEGIN ", false)]
    }
  }

  /// All literals; the number of a literal's rule is `first` and the anchor's own.
  static func literals(from first: Int) -> [Literal] {
    allCases.flatMap { anchor in
      anchor.literals.map {
        Literal(bytes: Array($0.text.utf8), ignoresCase: $0.ignoresCase, rule: first + anchor.rawValue)
      }
    }
  }
}
