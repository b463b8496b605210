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
  /// Programs, calls and settings of which ``GenericCommand`` knows where the password stands.
  case client
  /// The head of a password's hash.
  case hash
  /// `eyJ`.
  case webToken
  /// `-----BEGIN `.
  case armour
  /// Lines of `/etc/passwd` and `smbpasswd`.
  case record
  /// Statements that fill tables; what they lead to is read from the whole content.
  case table
  /// What opens a list of bytes; the same.
  case list

  /// The literals, lower case, and whether case matters.
  var literals: [(text: String, ignoresCase: Bool)] {
    func anyCase(_ words: String) -> [(text: String, ignoresCase: Bool)] {
      words.split(separator: " ").map { (String($0), true) }
    }
    switch self {
    case .name:
      return anyCase(
        """
        pass pwd psw secret token key auth cred ticket jwt license bind_pw bindpw _pw pw: pw= psk pepper sessionid sessid \
        rootpw senha contrase clave mdp kennwort пароль 密码 パスワード
        """) + [("identified by", true), ("identified with", true)]
    case .url: return anyCase("://")
    case .scheme: return [("basic ", true), ("bearer ", true), ("basic%20", true), ("bearer%20", true)]
    case .login:
      return [
        ("-u ", false), ("--user ", false), ("--user=", false), ("-u\"", false), ("-u'", false), ("http -a ", false),
        ("https -a ", false),
      ]
    case .account: return [(":5432:", false), (":6432:", false), (":5433:", false), (":6543:", false), (":*:", false)]
    case .provider: return [("provider :", false), ("omniauth :", false)]
    case .client:
      // By their ends: what follows is what counts.
      return GenericCommand.all.map { (String("\($0.text)".suffix(LiteralFinder.maximumBytes)), false) }
    case .hash:
      return [
        "$1$", "$2a$", "$2b$", "$2y$", "$5$", "$6$", "$y$", "$7$", "$apr1$", "$P$B", "$H$9", "$S$D", "$S$E", "{SHA}",
        "{SSHA}",
        "{SSHA512}", "{SSHA256}", "{PBKDF2", "pbkdf2_sha256$", "pbkdf2_sha1$", "pbkdf2:sha256:", "pbkdf2:sha1:",
        "pbkdf2:sha512:", "scrypt:32768:", "$argon2", "$scram-sha", "SCRAM-SHA-256$", "grub.pbkdf2.sha", "{SMD5}",
        "{SHA512}", "{SHA256}", "$pbkdf2-sha", "Hash = ",
      ].map { ($0, false) }
    case .webToken: return [("eyJ", false)]
    case .armour: return [("-----BEGIN ", false)]
    case .record: return [(":/bin/", false), (":/sbin/", false), (":[U", false)]
    case .table: return [("insert into", true), ("create table", true)]
    case .list: return []
    }
  }

  /// All literals; the number of a literal's rule is `first` and the anchor's own.
  static func literals(from first: Int) -> [Literal] {
    let lists = ByteList.literals.map { text, tail in
      Literal(bytes: Array(text.utf8), ignoresCase: false, rule: first + GenericAnchor.list.rawValue, tail: tail)
    }
    return lists
      + allCases.flatMap { anchor in
        anchor.literals.map {
          Literal(bytes: Array($0.text.utf8), ignoresCase: $0.ignoresCase, rule: first + anchor.rawValue)
        }
      }
  }
}
