"""Write the golden mails anew."""

from tests.emails import FOLDER, mails

for name, mail in mails().items():
    (FOLDER / f"{name}.eml").write_bytes(mail.content)
