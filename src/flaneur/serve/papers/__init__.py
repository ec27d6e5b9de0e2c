"""Papers that the law asks for: the sign at the camera, two drafts for the files, and a page for everybody."""
