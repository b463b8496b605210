// Records of what people did (histories of shells, dumps of databases, archives of requests), and programs in which a
// password was written down.

let recordFiles: [SettingsFile] = [
  SettingsFile(
    "dump.sql",
    #"""
    CREATE TABLE `users` (
      `id` int(11) NOT NULL AUTO_INCREMENT,
      `username` varchar(50) NOT NULL,
      `password` varchar(64) NOT NULL,
      PRIMARY KEY (`id`)
    );
    INSERT INTO `users` (`id`, `username`, `password`, `email`) VALUES
    (1, '«user»', '«!hex:32»', '«user»@«host»'),
    (2, 'editor', '«!hex:40»', 'editor@«host»'),
    (3, 'deploy', '«!bcrypt»', 'deploy@«host»');
    INSERT INTO `orders` (`id`, `hash`) VALUES (1, '«hex:32»');
    INSERT INTO `admin` VALUES (1,'«user»','«!hex:32»','2018-01-01');
    """#),
  SettingsFile(
    "plain.sql",
    #"""
    INSERT INTO users (name, password) VALUES ('«user»', '«!strong»');
    insert into accounts(login,passwd,active) values('«user»','«!strong»',1);
    UPDATE users SET password = '«!strong»' WHERE name = '«user»';
    """#),
  SettingsFile(
    "grants.sql",
    #"""
    CREATE USER '«user»'@'localhost' IDENTIFIED BY '«!strong»';
    CREATE USER app IDENTIFIED WITH mysql_native_password BY '«!strong»';
    GRANT ALL ON orders.* TO 'app'@'%' IDENTIFIED BY PASSWORD '«!mysql»';
    SET PASSWORD FOR 'app'@'%' = PASSWORD('«!strong»');
    ALTER ROLE app WITH LOGIN PASSWORD '«!strong»';
    CREATE ROLE reader ENCRYPTED PASSWORD '«!md5»' VALID UNTIL 'infinity';
    CREATE LOGIN app WITH PASSWORD = '«!strong»', DEFAULT_DATABASE = orders;
    CREATE USER scott IDENTIFIED BY «!strong»;
    SELECT dblink_connect('host=db.«host» user=«user» password=«!strong»');
    """#),
  SettingsFile(
    ".bash_history",
    #"""
    ls -la
    cd /srv/www
    mysql -u root -p«!password» orders
    mysqldump -h db.«host» -u«user» --password=«!password» orders > dump.sql
    curl -u «user»:«!password» https://api.«host»/v1/orders
    curl -H "Authorization: Token «!hex:40»" https://api.«host»/
    wget --user=«user» --password='«!password»' https://files.«host»/a.tar.gz
    PGPASSWORD=«!password» psql -h db.«host» -U «user» orders
    sshpass -p '«!password»' ssh «user»@web.«host»
    ldapsearch -x -H ldap://ldap.«host» -D cn=admin,dc=example -w «!password» -b dc=example
    smbclient //files.«host»/share -U «user»%«!password»
    docker login -u «user» -p «!password»
    docker login --username «user» --password «!password» registry.«host»
    redis-cli -h redis.«host» -a «!password» ping
    mongo mongodb.«host»/orders -u «user» -p «!password»
    svn checkout --username «user» --password «!password» https://svn.«host»/trunk
    openssl rsa -in key.pem -passin pass:«!password»
    echo '«!password»' | sudo -S apt-get update
    echo "«user»:«!password»" | chpasswd
    az login --service-principal -u «uuid» -p «!password» --tenant «uuid»
    htpasswd -b .htpasswd «user» «!password»
    git clone https://«user»:«!password»@git.«host»/orders.git
    export AWS_SECRET_ACCESS_KEY=«!base64:40»
    rsync -av --password-file=/etc/rsync.password src/ «user»@web.«host»::www
    sqlcmd -S sql.«host» -U sa -P «!password»
    sqlplus «user»/«!password»@orders
    lftp -u «user»,«!password» ftp.«host»
    mount -t cifs //files.«host»/share /mnt -o username=«user»,password=«!password»
    7z x -p«!password» backup.7z
    unzip -P «!password» backup.zip
    exit
    """#),
  SettingsFile(
    ".zsh_history",
    ": 1528364823:0;cd src\n: 1528364830:0;export GITHUB_PASSWORD=«!password»\n: 1528364911:2;http -a «user»:«!password» https://api.«host»/v1/status\n: 1528364999:0;net use z: \\\\files\\share /user:«user» «!password»\n"
  ),
  SettingsFile(
    ".bashrc",
    #"""
    export PATH=$HOME/bin:$PATH
    export EDITOR=vim
    export DB_PASSWORD="«!password»"
    export HOMEBREW_GITHUB_API_TOKEN=«!hex:40»
    export SLACK_SECRET='«!hex:32»'
    alias prod='mysql -h db.«host» -u «user» -p«!password»'
    alias ll='ls -l'
    """#),
  SettingsFile(
    ".psql_history",
    "\\dt\nALTER USER «user» WITH PASSWORD '«!password»';\nselect * from orders;\nCREATE ROLE report LOGIN PASSWORD '«!password»';\n"
  ),
  SettingsFile(
    ".mysql_history", "show\\040databases;\nSET\\040PASSWORD\\040=\\040PASSWORD('«!strong»');\nselect * from orders;\n"),
  SettingsFile(
    ".irb_history", "User.first\nUser.find_by(email: '«user»@«host»').update(password: '«!password»')\nexit\n"),
  SettingsFile(".rediscli_history", "AUTH «!password»\nkeys *\nCONFIG SET requirepass \"«!password»\"\n"),
  SettingsFile(
    ".dbshell",
    "show dbs\ndb.auth(\"«user»\", \"«!password»\")\ndb.createUser({user: \"app\", pwd: \"«!password»\", roles: [\"readWrite\"]})\n"
  ),
  SettingsFile(
    "requests.http",
    #"""
    POST https://api.«host»/login
    Content-Type: application/json

    {"username": "«user»", "password": "«!strong»"}

    ###
    GET https://api.«host»/orders?api_key=«!hex:32»
    Authorization: Basic «!login64»
    """#),
  SettingsFile(
    "session.har",
    #"""
    {"log": {"version": "1.2", "entries": [{"request": {"method": "POST", "url": "https://api.«host»/login", "headers": [
      {"name": "Authorization", "value": "Bearer «!base62:40»"}, {"name": "User-Agent", "value": "Mozilla/5.0"},
      {"name": "Cookie", "value": "sessionid=«!alnum:32»; theme=dark"}, {"name": "X-Api-Key", "value": "«!base62:32»"}],
      "postData": {"mimeType": "application/x-www-form-urlencoded", "text": "username=«user»&password=«!strong»",
        "params": [{"name": "username", "value": "«user»"}, {"name": "password", "value": "«!strong»"}]}}}]}}
    """#),
  SettingsFile(
    "orders.postman_collection.json",
    #"""
    {"info": {"_postman_id": "«uuid»", "name": "Orders"}, "item": [{"request": {"auth": {"type": "basic", "basic": [
      {"key": "password", "value": "«!strong»", "type": "string"}, {"key": "username", "value": "«user»", "type": "string"}]}}}],
     "variable": [{"key": "api_key", "value": "«!base62:32»"}, {"key": "baseUrl", "value": "https://api.«host»"}]}
    """#),
  SettingsFile(
    "insomnia.json",
    #"""
    {"_type": "export", "resources": [{"_id": "req_«hex:32»", "authentication": {"type": "basic", "username": "«user»", "password": "«!strong»"}, "url": "https://api.«host»"},
     {"_id": "env_«hex:32»", "data": {"token": "«!base62:32»"}}]}
    """#),
  SettingsFile(
    "notebook.ipynb",
    #"""
    {"cells": [{"cell_type": "code", "source": ["import psycopg2\n", "conn = psycopg2.connect(host='db.«host»', user='«user»', password='«!strong»')\n", "api_key = \"«!base62:32»\"\n"],
      "outputs": [{"name": "stdout", "text": ["{'access_token': '«!base62:40»', 'expires_in': 3600}\n"]}]}]}
    """#),
  SettingsFile(
    "sources/connect.pl",
    "my $dbh = DBI->connect('DBI:mysql:orders', '«user»', '«!strong»') or die;\nmy $password = '«!strong»';\nmy %config = (user => '«user»', pass => '«!strong»');\n"
  ),
  SettingsFile(
    "sources/connect.py",
    "import psycopg2\nconn = psycopg2.connect(\"dbname=orders user=«user» password='«!strong»' host=db.«host»\")\nsmtp.login('«user»', '«!strong»')\nrequests.get(url, auth=('«user»', '«!strong»'))\nclient.connect(host, username='«user»', password='«!strong»')\n"
  ),
  SettingsFile(
    "sources/Main.java",
    "class Main {\n  private static final String DB_PASSWORD = \"«!strong»\";\n  Connection c = DriverManager.getConnection(\"jdbc:mysql://db.«host»/orders\", \"«user»\", \"«!strong»\");\n  props.setProperty(\"mail.smtp.password\", \"«!strong»\");\n  new UsernamePasswordToken(\"«user»\", \"«!strong»\");\n}\n"
  ),
  SettingsFile(
    "sources/Main.cs",
    "var password = \"«!strong»\";\nvar c = new NetworkCredential(\"«user»\", \"«!strong»\");\nvar s = new SqlConnection(@\"Server=sql.«host»;Database=Orders;User Id=«user»;Pwd=«!strong»;\");\n"
  ),
  SettingsFile(
    "sources/main.go",
    "package main\n\nconst dbPassword = \"«!strong»\"\nvar dsn = \"«user»:«!strong»@tcp(db.«host»:3306)/orders\"\nreq.SetBasicAuth(\"«user»\", \"«!strong»\")\ncfg := Config{User: \"«user»\", Password: \"«!strong»\"}\n"
  ),
  SettingsFile(
    "sources/main.js",
    "const db = mysql.createConnection({host: 'db.«host»', user: '«user»', password: '«!strong»'});\nprocess.env.API_SECRET = '«!base62:32»';\nconst transport = nodemailer.createTransport({auth: {user: '«user»', pass: '«!strong»'}});\n"
  ),
  SettingsFile(
    "sources/main.rb",
    "client = Mysql2::Client.new(host: 'db.«host»', username: '«user»', password: '«!strong»')\nENV['DB_PASSWORD'] = '«!strong»'\nhttp_basic_authenticate_with name: '«user»', password: '«!strong»'\n"
  ),
  SettingsFile(
    "sources/main.ps1",
    "$password = ConvertTo-SecureString '«!strong»' -AsPlainText -Force\n$cred = New-Object PSCredential('«user»', $password)\nnet user deploy «!strong» /add\n"
  ),
  SettingsFile(
    "sources/main.vb",
    "Dim password As String = \"«!strong»\"\nconn.ConnectionString = \"Provider=SQLOLEDB;Data Source=sql;User ID=«user»;Password=«!strong»\"\n"
  ),
  SettingsFile(
    "sources/main.sh",
    "#!/bin/sh\nDB_PASS='«!strong»'\nmysql -u\"$DB_USER\" -p\"$DB_PASS\" orders\nexpect -c 'spawn ssh web; expect \"password:\"; send \"«!strong»\\r\"'\n"
  ),
  SettingsFile(
    "sources/main.c",
    "#define WIFI_PASSWORD \"«!strong»\"\nstatic const char *password = \"«!strong»\";\nWiFi.begin(\"Office\", \"«!strong»\");\n"
  ),
  SettingsFile(
    "sources/Main.kt",
    "val dbPassword = \"«!strong»\"\nandroid { signingConfigs { release { storePassword \"«!strong»\"\n keyPassword '«!strong»'\n keyAlias 'upload' } } }\n"
  ),
  SettingsFile(
    "sources/main.rs",
    "let password: &str = \"«!strong»\";\nlet c = Config { user: \"«user»\".into(), password: \"«!strong»\".to_string() };\n"
  ),
  SettingsFile("sources/main.lua", "local password = \"«!strong»\"\nred:auth(\"«!strong»\")\n"),
  SettingsFile("sources/main.ex", "config :orders, password: \"«!strong»\"\n@api_secret \"«!base62:32»\"\n"),
  SettingsFile("sources/main.R", "con <- dbConnect(MySQL(), user='«user»', password='«!strong»', host='db.«host»')\n"),
  SettingsFile(
    "sources/main.scala",
    "val password: String = \"«!strong»\"\nDatabase.forURL(\"jdbc:h2:mem\", user = \"«user»\", password = \"«!strong»\")\n"
  ),
  SettingsFile(
    "sources/main.m", "NSString *const kApiSecret = @\"«!base62:32»\";\nNSString *password = @\"«!strong»\";\n"),
  SettingsFile("keys/id_rsa", "«!pem:RSA PRIVATE KEY»\n"),
  SettingsFile("keys/server.key", "«!pem:PRIVATE KEY»\n"),
  SettingsFile("keys/id_ed25519", "«!openssh»\n"),
]
